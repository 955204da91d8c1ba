// Who goes next. The decision comes before the effect: every pCPU has published what it will do,
// and none that would have to wait is among those that may be chosen.

import Domain
import Machines

extension EngineState {
  /// The first thing that is wrong ends the execution: what follows would be its consequence.
  mutating func violate(_ violation: Violation) {
    if !isOver, hardware.oracles.contains(violation.oracle) { end(.violation(violation)) }
  }

  mutating func end(_ outcome: Outcome) {
    self.outcome = outcome
    isOver = true
  }

  /// Lets hardware take its steps until a pCPU is chosen. Returns its number, or `mainStack` when
  /// the execution is over.
  @inline(__always)
  mutating func nextPCPU() -> Int {
    while true {
      var enabled = AgentSet(bits: ready.bits & ~conditional.bits | hardwareEnabled.bits)
      if !conditional.isEmpty { addThoseWhoNeedNotWait(&enabled) }
      if enabled.isEmpty || ready.isEmpty {
        if !ready.isEmpty { end(.violation(.deadlock)) }
        return EngineState.mainStack
      }
      if steps >= stepLimit {
        end(.stepLimit)
        return EngineState.mainStack
      }
      var next = enabled.first
      let isDecision = enabled.bits & (enabled.bits &- 1) != 0
      if isDecision || wantsEveryStep {
        next = decide(enabled)
        if next < 0 {
          end(.abandoned)
          return EngineState.mainStack
        }
      }
      // No branch: whether it is the same pCPU again cannot be predicted.
      let couldGoOn = Int(
        truncatingIfNeeded: enabled.bits &>> UInt64(truncatingIfNeeded: current) & 1)
      let preempts = couldGoOn & (next == current ? 0 : 1)
      preemptions &+= preempts
      decisions &+= isDecision ? 1 : 0
      if isDetailed {
        lastEnabled = enabled
        lastWasChosen = isDecision
        lastPreempts = preempts != 0
      }
      if next < pcpuCount { return next }
      takeHardwareStep(next)
      if isOver { return EngineState.mainStack }
    }
  }

  /// Asks the strategy. Its number of steps is that of all steps so far.
  @inline(__always)
  private mutating func decide(_ enabled: AgentSet) -> Int {
    let strategy = self.strategy
    return withUnsafeMutablePointer(to: &self) { state in
      strategy._withUnsafeGuaranteedRef {
        $0.choose(DecisionPoint(state: state, enabled: enabled))
      }
    }
  }

  /// Adds the pCPUs whose condition holds.
  @inline(never)
  private mutating func addThoseWhoNeedNotWait(_ enabled: inout AgentSet) {
    var rest = AgentSet(bits: conditional.bits & ready.bits)
    while !rest.isEmpty {
      let pcpu = rest.first
      rest.remove(pcpu)
      if mayGoOn(pcpu) { enabled.insert(pcpu) }
    }
  }

  /// Whether what `pcpu` waits for is there.
  mutating func mayGoOn(_ pcpu: Int) -> Bool {
    let operation = pending[pcpu].operation
    switch operation.kind {
    case .acquire: return words[operation.object] == 0
    case .wait:
      return EngineState.holds(words[operation.object], pending[pcpu].a, pending[pcpu].b)
    case .waitForInvalidations: return outstanding[pcpu] == 0
    case .waitForCalls:
      for target in 0..<pcpuCount
      where AgentSet(bits: callsPending[target]).contains(pcpu) { return false }
      return true
    default: return true
    }
  }

  /// Whether `value` fulfils a `WaitCondition` in its packed form.
  @inline(__always)
  static func holds(_ value: UInt64, _ operand: UInt64, _ condition: UInt64) -> Bool {
    switch condition {
    case 0: value == operand
    case 1: value != operand
    case 2: value >= operand
    default: value < operand
    }
  }

  /// `pcpu` will perform this next. That it is ready is known since its start; that it waits for
  /// something is forgotten when it has what it waited for.
  @inline(__always)
  mutating func publish(_ pcpu: Int, _ bits: UInt64, _ a: UInt64, _ b: UInt64) {
    pending[pcpu] = PendingOperation(bits: bits, a: a, b: b)
    if ControlledOperation(bits: bits).kind.mayWait { conditional.insert(pcpu) }
  }

  /// `pcpu` has come to its first operation, or to its end: the next one starts, and behind the
  /// last one the strategy takes over.
  @inline(never)
  mutating func startNext(after pcpu: Int) -> Int {
    let next = pcpu &+ 1
    if next < pcpuCount {
      ready.insert(next)
      return next
    }
    isStarting = false
    current = EngineState.mainStack
    return isOver ? EngineState.mainStack : nextPCPU()
  }

  /// `pcpu` has run its program. Its hardware stays: calls still reach it.
  mutating func retire(_ pcpu: Int) {
    ready.remove(pcpu)
    conditional.remove(pcpu)
    port.masked &= ~(1 &<< UInt64(pcpu))
    refreshInterrupt(pcpu)
  }
}
