// All interleavings of a program, counted.

import Domain
import Exploration
import Machines

/// What plain enumeration says of a program.
struct BruteForce {
  /// Orders of steps.
  private(set) var interleavings = 0
  /// Traces at whose end every pCPU had run its program.
  private(set) var finished: Set<FoataForm> = []
  /// Traces at whose end an oracle spoke, or nobody could go on.
  private(set) var violated: Set<FoataForm> = []
  /// What the engine takes for different traces.
  private(set) var fingerprints: Set<Fingerprint> = []
  /// Executions that had the form of another one, but did or saw something else.
  private(set) var contradictions = 0

  /// Distinct traces.
  var traces: Int { finished.count + violated.count }

  /// Enumerates `program`; nil if it has more than `limit` interleavings.
  init?(_ program: ControlledProgram, limit: Int) {
    let engine = Engine(program)
    engine.keepsWideFingerprint = true
    let strategy = EveryInterleaving()
    var behaviours: [FoataForm: Behaviour] = [:]
    repeat {
      if interleavings == limit { return nil }
      let end = engine.run(strategy, Seed(0), records: true)
      interleavings += 1
      let form = FoataForm(engine)
      let behaviour = Behaviour(engine, end)
      if let known = behaviours[form] {
        if known != behaviour { contradictions += 1 }
      } else {
        behaviours[form] = behaviour
      }
      fingerprints.insert(end.fingerprint)
      switch end.outcome {
      case .finished: finished.insert(form)
      case .violation: violated.insert(form)
      case .stepLimit, .abandoned: preconditionFailure("an interleaving was not run to its end")
      }
    } while strategy.advance()
  }
}
