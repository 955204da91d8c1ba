// Repeats a schedule exactly, and compares at every step.

import Domain
import Machines

/// Takes the steps of a schedule, and gives up at the first that is not as recorded.
///
/// Values are compared one step later, and only if the execution is recorded; `Engine.replay` also
/// compares the end.
public final class ReplayStrategy: Strategy {
  /// What is repeated.
  public let schedule: Schedule
  /// Where the last execution left it; nil if it did not.
  public private(set) var divergence: Divergence?
  private var next = 0
  private var nextChoice = 0
  private var missedChoice: Int?

  /// Repeats `schedule`.
  public init(_ schedule: Schedule) { self.schedule = schedule }

  public override var name: String { "replay" }
  public override var wantsEveryStep: Bool { true }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    divergence = nil
    next = 0
    nextChoice = 0
    missedChoice = nil
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    if let missedChoice {
      return diverge(next - 1, .asksForChoice(below: missedChoice), point)
    }
    if let result = point.lastResult, result != schedule.steps[next - 1].result {
      return diverge(next - 1, .returned(result), point)
    }
    guard next < schedule.steps.count else {
      if schedule.verdict == .abandoned { return Strategy.abandon }
      return diverge(next, .goesOn, point)
    }
    let step = schedule.steps[next]
    guard point.enabled.contains(step.agent.number) else {
      return diverge(next, .cannotGo, point)
    }
    guard step.matches(point.pending(step.agent.number)) else {
      return diverge(next, .wouldDoOtherwise, point)
    }
    next += 1
    return step.agent.number
  }

  public override func chooseValue(below count: Int) -> Int {
    guard nextChoice < schedule.choices.count, schedule.choices[nextChoice].count == count
    else {
      // Cannot stop here: the next step does.
      if missedChoice == nil { missedChoice = count }
      return 0
    }
    nextChoice += 1
    return schedule.choices[nextChoice - 1].value
  }

  private func diverge(
    _ step: Int, _ difference: Divergence.Difference, _ point: DecisionPoint
  ) -> Int {
    note(step, difference, point.present)
    return Strategy.abandon
  }

  func note(
    _ step: Int, _ difference: Divergence.Difference, _ present: [Divergence.Present] = []
  ) {
    if divergence != nil { return }
    divergence = Divergence(
      step: step,
      recorded: schedule.steps.indices.contains(step) ? schedule.steps[step] : nil,
      difference: difference, present: present)
  }
}

/// What a replay came to.
public struct Replay: Sendable {
  /// How it ended.
  public let end: ExecutionEnd
  /// The kind of that end.
  public let verdict: Verdict
  /// Where it left the recording; nil if it did not.
  public let divergence: Divergence?
  /// Whether it was the same execution to the last value.
  public var isReproduced: Bool { divergence == nil }
}

extension Engine {
  /// Repeats `schedule` and compares every step, every value and the end. The execution is
  /// recorded.
  public func replay(_ schedule: Schedule) -> Replay {
    precondition(schedule.pcpuCount == shape.pcpuCount, "a schedule of another program")
    let strategy = ReplayStrategy(schedule)
    let end = run(strategy, Seed(0), records: true)
    let verdict = verdict(of: end.outcome)
    // The last step has no next one at which its value could be compared.
    if end.steps > 0, end.steps <= schedule.steps.count {
      let result = state.pointee.trace[end.steps - 1].result
      if result != schedule.steps[end.steps - 1].result {
        strategy.note(end.steps - 1, .returned(result))
      }
    }
    if end.steps < schedule.steps.count || verdict != schedule.verdict {
      strategy.note(end.steps, .ended(verdict))
    } else if end.traceHash != schedule.traceHash {
      strategy.note(end.steps, .hash(end.traceHash))
    }
    return Replay(end: end, verdict: verdict, divergence: strategy.divergence)
  }
}
