// Repeats a schedule as well as it can be: for a shrinker, which takes away steps of the program or
// moves them, and cannot know what the rest will do.

import Domain
import Machines

/// Takes the steps of a schedule where they are possible.
///
/// Steps are found again by agent, kind, object and site. A recorded step that is not there is
/// skipped; a step that was not recorded is taken when its agent's turn has come. Behind the end,
/// whoever runs goes on for as long as possible, and hardware acts only if nobody else can.
public final class TolerantReplay: Strategy {
  /// What is repeated.
  public let schedule: Schedule
  /// Recorded steps that were not there.
  public private(set) var skipped = 0
  /// Steps that were not recorded, those behind the end not counted.
  public private(set) var extra = 0
  private var next = 0
  /// The recorded choices, by step.
  private let choices: [Int: [RecordedChoice]]
  /// The recorded step that was taken last: -1 before the first, nil if it was not recorded.
  private var taken: Int? = -1
  private var drawn = 0
  /// For each step the next one of the same agent; the number of steps if there is none.
  private let following: [Int]

  /// Repeats `schedule`.
  public init(_ schedule: Schedule) {
    self.schedule = schedule
    var following = [Int](repeating: schedule.steps.count, count: schedule.steps.count)
    var latest = [Int](repeating: schedule.steps.count, count: 64)
    for place in schedule.steps.indices.reversed() {
      following[place] = latest[schedule.steps[place].agent.number]
      latest[schedule.steps[place].agent.number] = place
    }
    self.following = following
    choices = Dictionary(grouping: schedule.choices, by: \.step)
  }

  public override var name: String { "tolerant-replay" }
  public override var wantsEveryStep: Bool { true }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    skipped = 0
    extra = 0
    next = 0
    taken = -1
    drawn = 0
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    while next < schedule.steps.count {
      let agent = schedule.steps[next].agent.number
      if point.enabled.contains(agent) {
        let operation = point.pending(agent)
        if schedule.steps[next].matches(operation) {
          next += 1
          return take(agent, next - 1)
        }
        if !comesLater(operation, after: next) {
          extra += 1
          return take(agent, nil)
        }
      }
      skipped += 1
      next += 1
    }
    return take(goingOn(point), nil)
  }

  public override func chooseValue(below count: Int) -> Int {
    guard let taken, let recorded = choices[taken], drawn < recorded.count else { return 0 }
    drawn += 1
    return recorded[drawn - 1].value % count
  }

  private func take(_ agent: Int, _ place: Int?) -> Int {
    taken = place
    drawn = 0
    return agent
  }

  /// Whether the agent of step `place` does `operation` in a later step of the schedule.
  private func comesLater(_ operation: ControlledOperation, after place: Int) -> Bool {
    var later = following[place]
    while later < schedule.steps.count {
      if schedule.steps[later].matches(operation) { return true }
      later = following[later]
    }
    return false
  }

  /// Who goes behind the end of the schedule: the pCPU that ran last, or the first that can.
  private func goingOn(_ point: DecisionPoint) -> Int {
    point.enabled.contains(point.last) ? point.last : point.enabled.first
  }
}
