// Exhaustive searches: one execution after the other, until nothing is left to be tried.

import Domain
import Exploration

/// An exhaustive search: a strategy that moves on to the next schedule when it is asked to.
struct ExhaustiveSearch {
  /// Decides the executions.
  let strategy: Strategy
  /// Moves on; false if nothing is left to be tried.
  let next: () -> Bool
  /// Whether everything within the bound has been tried.
  let isComplete: () -> Bool
  /// Whether a table of the search was too small, so that nothing may be claimed.
  let overflowed: () -> Bool
  /// What was searched, such as `every schedule with at most 2 preemptions`.
  let scope: String
}

extension ExploreSession {
  /// The search that the order asks for; nil if this build has none of that name.
  private func exhaustiveSearch() -> ExhaustiveSearch? { nil }

  func search(_ progress: (ExploreProgress) -> Bool) throws -> ExploreResult {
    guard let search = exhaustiveSearch() else {
      throw ExploreError.strategyNotThere(order.strategy)
    }
    var result = ExploreResult()
    var tally = StrategyTally(name: order.strategy)
    var traces = FingerprintTable()
    var findings: [FoundSchedule] = []
    var isOver = false
    begin()
    while !isOver {
      let index = tally.schedules
      let end = engine.run(search.strategy, order.seed(of: index), records: false)
      tally.schedules += 1
      tally.events += end.steps
      if end.outcome != .abandoned { traces.insert(end.fingerprint.low) }
      if end.outcome == .stepLimit { result.stepLimits += 1 }
      if case .violation(let violation) = end.outcome {
        tally.findings += 1
        let isNew = !findings.contains { $0.violation.hasShape(of: violation) }
        if isNew, findings.count < ScheduleBlock.mostFindings {
          let found = FoundSchedule(
            index: index, slot: 0, traceHash: end.traceHash, violation: violation)
          findings.append(found)
          result.findings.append(try finding(found, by: search))
        }
        if order.stopsAtFirst { break }
      }
      isOver = !search.next() || mustStop(tally.schedules, progress)
    }
    result.elapsed = elapsed
    result.schedules = tally.schedules
    result.events = tally.events
    result.tallies = [tally]
    result.distinctTraces = traces.count
    result.distinctIsAtLeast = traces.isFull
    result.isComplete = search.isComplete() && !search.overflowed()
    result.verdict = verdict(of: result)
    result.bound = sentence(result, search)
    return result
  }

  private func mustStop(_ schedules: Int, _ progress: (ExploreProgress) -> Bool) -> Bool {
    if let most = order.schedules, schedules >= most { return true }
    // The clock costs more than a schedule.
    guard schedules % 256 == 0 else { return false }
    if let time = order.time, elapsed >= time { return true }
    return schedules % 16384 == 0
      && !progress(ExploreProgress(elapsed: elapsed, schedules: schedules))
  }

  /// A search cannot repeat its last execution: it is recorded by following it.
  private func finding(
    _ found: FoundSchedule, by search: ExhaustiveSearch
  ) throws -> ExploreFinding {
    let end = engine.run(search.strategy, order.seed(of: found.index), records: true)
    let execution = RecordedExecution(engine, end)
    var isConfirmed = end.traceHash == found.traceHash
    for _ in 0..<Self.repetitions where isConfirmed {
      isConfirmed = engine.replay(execution.schedule).isReproduced
    }
    return try finding(execution, found, order.strategy, isConfirmed: isConfirmed)
  }

  private func sentence(_ result: ExploreResult, _ search: ExhaustiveSearch) -> String {
    let counts = "\(result.schedules) executions, \(result.distinctTraces) traces"
    if result.isComplete { return "complete: \(search.scope) (\(counts))" }
    if search.overflowed() {
      return "a table overflowed: nothing is claimed of \(search.scope) (\(counts))"
    }
    return "not complete: of \(search.scope), \(counts)"
  }
}
