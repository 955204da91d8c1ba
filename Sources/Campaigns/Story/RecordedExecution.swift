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

  /// The last execution of `engine`, which was recorded and ended so.
  init(_ engine: Engine, _ end: ExecutionEnd) {
    self.end = end
    events = engine.trace()
    touches = events.indices.map { engine.touches(ofStep: $0) }
    schedule = engine.recordedSchedule()
  }

  /// What a story prints: a line for each step that concerns anybody else, one for several that do
  /// not. `alone` are steps that get a line of their own.
  func foldedRows(alone: [Int]) -> [FoldedRow] {
    Exploration.foldedRows(
      agents: events.map(\.agent), touches: touches, alone: Set(alone + [events.count - 1]))
  }

  var violation: Violation? {
    if case .violation(let violation) = end.outcome { violation } else { nil }
  }
}
