import Machines

/// B54: a request of the host flushes the context that is current and not the other one. That was enough
/// while each transition between L1 and L2 flushed everything.
enum HostFlushesCurrent: SVMNestedRules {
  @inline(__always)
  static func flushForHost<M: CallingMachine>(_ vcpu: SVMNestedVCPU<M>, on m: M) {
    vcpu.current(on: m).set(.thisASID, on: m)
  }
}
