// What becomes of a finding: repeated three times, written down, made shorter, told.

import Domain
import Exploration

extension ExploreSession {
  /// A finding is repeated so often before anybody hears of it.
  static let repetitions = 3

  /// Repeats schedule `found.index`, writes it down and makes it shorter.
  func finding(
    _ found: FoundSchedule, _ strategy: Strategy, _ label: String
  ) throws -> ExploreFinding {
    let seed = order.seed(of: found.index)
    var isConfirmed = true
    for _ in 0..<Self.repetitions {
      let end = engine.run(strategy, seed, records: true)
      if end.traceHash != found.traceHash || end.outcome != .violation(found.violation) {
        isConfirmed = false
        break
      }
    }
    return try finding(
      RecordedExecution(engine, engine.run(strategy, seed, records: true)),
      found, label, isConfirmed: isConfirmed)
  }

  /// Reports `execution`, which is the one that was found if it is confirmed.
  func finding(
    _ execution: RecordedExecution, _ found: FoundSchedule, _ label: String, isConfirmed: Bool
  ) throws -> ExploreFinding {
    let teller = StoryTeller(world: order.world, names: TraceNames(order.world, program))
    let file = ReplayFile(
      execution, of: teller, seed: order.seed, index: found.index, strategy: label,
      criticalPair: nil)
    let path = "\(order.folder)/\(file.defaultName(isShrunk: false))"
    // Before anything else is done with it: a finding is not lost again.
    if isConfirmed { try file.save(to: path) }
    var finding = ExploreFinding(
      oracle: found.violation.oracle.rawValue, summary: teller.sentence(of: execution),
      strategy: label, index: found.index, seed: order.seed, isConfirmed: isConfirmed,
      replayFile: isConfirmed ? path : "",
      eventsBefore: execution.foldedRows(alone: []).count,
      preemptionsBefore: execution.end.preemptions,
      eventsAfter: execution.foldedRows(alone: []).count,
      preemptionsAfter: execution.end.preemptions, shrinking: "not shrunk",
      story: teller.story(of: execution, critical: []),
      timeline: teller.timeline(of: execution))
    if isConfirmed { try shrink(&finding, file, execution, path) }
    return finding
  }

  private func shrink(
    _ finding: inout ExploreFinding, _ file: ReplayFile, _ execution: RecordedExecution,
    _ path: String
  ) throws {
    guard let shorter = try ShrinkCampaign.shrink(file, execution, in: order.world)
    else { return }
    let place = "\(order.folder)/\(file.defaultName(isShrunk: true))"
    try shorter.file.save(to: place)
    finding.replayFile = place
    finding.eventsAfter = shorter.eventsAfter
    finding.preemptionsAfter = shorter.preemptionsAfter
    finding.shrinking = shorter.text
    finding.story = shorter.story
    finding.timeline = shorter.timeline
  }
}
