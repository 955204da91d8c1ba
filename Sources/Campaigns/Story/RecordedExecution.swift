// One execution with everything that a story, a replay file and a timeline need.

import Domain
import Exploration

/// An execution that was recorded.
struct RecordedExecution {
  let end: ExecutionEnd
  let events: [TraceEvent]
  /// What each step touched.
  let touches: [[Touch]]
  /// The same as a schedule that can be repeated.
  let schedule: Schedule
  /// Who had not come to its end, and what it would have done.
  let unfinished: [UnfinishedPCPU]

  /// The last execution of `engine`, which was recorded and ended so.
  init(_ engine: Engine, _ end: ExecutionEnd) {
    self.end = end
    events = engine.trace()
    touches = events.indices.map { engine.touches(ofStep: $0) }
    schedule = engine.recordedSchedule()
    unfinished = engine.unfinished()
  }

  /// A story of so many steps is short enough to print all of them.
  private static let fewSteps = 25

  /// What a story prints: a line for each step; in a long one, a line for several that concern
  /// nobody else. `alone` are steps that get a line of their own.
  func foldedRows(alone: [Int]) -> [FoldedRow] {
    if events.count <= Self.fewSteps {
      return events.indices.map { FoldedRow(first: $0, count: 1) }
    }
    return Exploration.foldedRows(
      agents: events.map(\.agent), touches: touches, alone: Set(alone + [events.count - 1]))
  }

  var violation: Violation? {
    if case .violation(let violation) = end.outcome { violation } else { nil }
  }
}
