// One execution with everything that a story, a replay file and a timeline need.

import Domain
import Exploration
import Machines

/// An execution that was recorded.
struct RecordedExecution {
  let end: ExecutionEnd
  let events: [TraceEvent]
  /// What each step touched.
  let touches: [[Touch]]
  /// The choices of the workload, in their order.
  let values: [Int]

  /// Runs `strategy` once and keeps all.
  init(_ engine: Engine, _ strategy: Strategy, _ seed: Seed) {
    let listener = ValueListener(strategy)
    end = engine.run(listener, seed, records: true)
    events = engine.trace()
    touches = events.indices.map { engine.touches(ofStep: $0) }
    values = listener.values
  }

  var violation: Violation? {
    if case .violation(let violation) = end.outcome { violation } else { nil }
  }
}

/// Passes everything on and remembers the choices of the workload: they stand in no trace.
private final class ValueListener: Strategy {
  private let base: Strategy
  private(set) var values: [Int] = []

  init(_ base: Strategy) {
    self.base = base
    super.init()
  }

  override var name: String { base.name }
  override var wantsEveryStep: Bool { base.wantsEveryStep }

  override func begin(_ seed: Seed, _ shape: ProgramShape) {
    values = []
    base.begin(seed, shape)
  }

  override func choose(_ point: DecisionPoint) -> Int { base.choose(point) }

  override func chooseValue(below count: Int) -> Int {
    let value = base.chooseValue(below: count)
    values.append(value)
    return value
  }

  override func end(_ end: ExecutionEnd) { base.end(end) }
}
