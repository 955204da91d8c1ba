// Interrupts, preemption, calls, and what the environment decides.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine {
  public func maskInterrupts() -> InterruptState {
    let before = hardware.interrupts[pcpu.index]
    hardware.interrupts[pcpu.index] = .masked
    record(.maskInterrupts, detail: "was \(before)")
    return before
  }

  public func restoreInterrupts(_ state: InterruptState) {
    hardware.interrupts[pcpu.index] = state
    record(.restoreInterrupts, detail: "\(state)")
  }

  public func disablePreemption() {
    hardware.preemptionDepths[pcpu.index] += 1
    record(.disablePreemption)
  }

  public func enablePreemption() {
    hardware.preemptionDepths[pcpu.index] -= 1
    record(.enablePreemption)
    if hardware.preemptionDepths[pcpu.index] < 0 { stop("it turns on preemption that is on") }
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine {
  public func preemptionPoint(at site: Site) { record(.preemptionPoint, at: site) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// Nobody is there to be called: a call is recorded, and the wait for it returns at once.
extension RecordingMachine: CallingMachine {
  public func call(_ targets: PCPUSet, _ request: CallRequest, at site: Site) {
    record(.call, [targets.rawValue, request.rawValue], at: site)
  }

  public func waitForCalls(at site: Site) { record(.waitForCalls, at: site) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine: TopologyMachine {
  public var pcpusSharingTLB: PCPUSet { PCPUSet(pcpu) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine: DecidingMachine {
  public func mayFail(at site: Site) -> Bool {
    let fails = nextDecision() != 0
    record(.mayFail, output: fails ? 1 : 0, at: site)
    return fails
  }

  public func choose(_ count: Int, at site: Site) -> Int {
    let choice = nextDecision()
    record(.choose, [UInt64(count)], output: UInt64(choice), at: site)
    if !(0..<count).contains(choice) { stop("the test decided for way \(choice) of \(count)") }
    return choice
  }

  private func nextDecision() -> Int {
    hardware.decisions.isEmpty ? 0 : hardware.decisions.removeFirst()
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine: LifetimeMachine {
  public func retire(_ word: RecordedWord) {
    hardware.deadPlaces.insert(word.place)
    record(.retire, word.place, "-", at: nil)
  }

  public func revive(_ word: RecordedWord) {
    hardware.deadPlaces.remove(word.place)
    record(.revive, word.place, "-", at: nil)
  }
}
