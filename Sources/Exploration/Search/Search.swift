// Exhaustive search by re-execution: the state of the search is the stack of choices, each
// execution replays it and goes on from there.

import Domain
import Machines

/// A strategy that enumerates schedules. Run it, ask `advance` whether there is another one, run it
/// again.
open class Search: Strategy {
  /// Executions that came to an end of their own or to a violation.
  public internal(set) var executions = 0
  /// Executions that were given up because what follows them is known.
  public internal(set) var givenUp = 0
  /// Executions that took too many steps: what they lead to is not known.
  public internal(set) var stepLimits = 0
  /// Whether an execution went another way than the one before with the same choices: the program
  /// depends on something that no scheduler decides, and nothing can be said of it.
  public internal(set) var isNondeterministic = false
  /// The traces seen: schedules that differ in the order of independent steps count once.
  public let traces: TraceSet

  /// A search that tells up to `capacity` traces apart.
  public init(traceCapacity capacity: Int) {
    traces = TraceSet(capacity: capacity)
    super.init()
  }

  /// Whether the search looks at the recorded trace of each execution.
  open var needsTrace: Bool { false }

  /// Prepares the next execution; false when there is none.
  open func advance(_ engine: Engine) -> Bool { false }

  /// Whether every schedule within the bound has been seen; meaningful when `advance` said no.
  open var isComplete: Bool { stepLimits == 0 && !isNondeterministic }

  /// Whether the state in which an execution ended had been reached before.
  func hasBeenReached(_ end: ExecutionEnd) -> Bool { false }

  public override func end(_ end: ExecutionEnd) {
    switch end.outcome {
    case .finished where hasBeenReached(end): givenUp += 1
    case .finished, .violation:
      executions += 1
      traces.insert(end.fingerprint)
    case .abandoned: givenUp += 1
    case .stepLimit: stepLimits += 1
    }
  }

  /// Runs the search to its end, or until `goesOn` says no. Returns whether it came to its end.
  ///
  /// - Parameters:
  ///   - engine: nobody else runs anything on it meanwhile.
  ///   - records: whether `goesOn` wants the trace.
  ///   - goesOn: sees each execution.
  public final func run(
    on engine: Engine, records: Bool = false, goesOn: (ExecutionEnd) -> Bool
  ) -> Bool {
    engine.keepsWideFingerprint = true
    while true {
      let end = engine.run(self, Seed(0), records: needsTrace || records)
      if !goesOn(end) { return false }
      if !advance(engine) { return true }
    }
  }
}
