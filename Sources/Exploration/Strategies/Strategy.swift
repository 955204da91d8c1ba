// What decides. A strategy sees who could go and what each would do, and says who goes.

import Domain
import Machines

/// Decides every step of a controlled run, and every random choice of its workload.
///
/// A class with methods to override, so that the engine calls it without counting references. One
/// engine calls it at a time. Nothing here may look at the clock or at addresses: the same seed
/// makes the same choices.
open class Strategy {
  /// What `choose` returns to give the execution up.
  public static let abandon = -1

  /// A strategy.
  public init() {}

  /// Its name on the command line.
  open var name: String { "strategy" }

  /// Whether `choose` is also called where only one agent can go.
  open var wantsEveryStep: Bool { false }

  /// An execution begins. `seed` is that of this execution alone.
  open func begin(_ seed: Seed, _ shape: ProgramShape) {}

  /// Who goes next: the number of an agent of `point.enabled`, or `abandon`.
  open func choose(_ point: DecisionPoint) -> Int { point.enabled.first }

  /// A choice of the workload: 0 ..< `count`.
  open func chooseValue(below count: Int) -> Int { 0 }

  /// The execution has ended.
  open func end(_ end: ExecutionEnd) {}
}

/// The size of a program.
public struct ProgramShape: Sendable {
  /// pCPUs; the agents beside them have higher numbers.
  public let pcpuCount: Int
  /// Agents of all kinds.
  public var agentCount: Int { pcpuCount * Agent.Role.allCases.count }
}

/// How an execution ended, for strategies that learn from it.
public struct ExecutionEnd: Sendable {
  /// Pass, a violation, or neither.
  public let outcome: Outcome
  /// Steps, of pCPUs and of hardware.
  public let steps: Int
  /// Steps at which somebody else could have gone.
  public let decisions: Int
  /// Of these, the ones at which the pCPU that ran before could have gone on.
  public let preemptions: Int
  /// Over every step: who, what, where, to which object, and the value.
  public let traceHash: UInt64
  /// Of the happens-before relation.
  public let fingerprint: Fingerprint
}

/// A moment at which the strategy decides.
public struct DecisionPoint {
  let state: UnsafeMutablePointer<EngineState>
  /// Who could go. Not empty.
  public let enabled: AgentSet

  @inline(__always)
  init(state: UnsafeMutablePointer<EngineState>, enabled: AgentSet) {
    self.state = state
    self.enabled = enabled
  }

  /// Steps so far.
  @inline(__always) public var step: Int { state.pointee.steps }
  /// Decisions so far.
  @inline(__always) public var decision: Int { state.pointee.decisions }
  /// The pCPU that ran last; none of them at the start.
  @inline(__always) public var last: Int { state.pointee.current }
  /// The pCPUs whose programs have not ended: those that can go, and those that wait.
  @inline(__always) public var live: AgentSet { state.pointee.ready }
  /// pCPUs of the program.
  @inline(__always) public var pcpuCount: Int { state.pointee.pcpuCount }
  /// Of the happens-before relation so far.
  @inline(__always) public var fingerprint: Fingerprint { state.pointee.fingerprint }

  /// What `agent`, which is enabled or waits, will do next.
  @inline(__always)
  public func pending(_ agent: Int) -> ControlledOperation {
    agent < pcpuCount
      ? state.pointee.pending[agent].operation
      : EngineState.operation(
        of: Agent(agent).role(pcpuCount: pcpuCount), agent % pcpuCount, state.pointee.objects)
  }
}
