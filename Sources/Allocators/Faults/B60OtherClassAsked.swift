import Machines

/// B60: whether there is something to recycle is asked of the SEV numbers, whoever needs one, as it was
/// when they were the only ones. An SEV-ES guest gets none though some of its class wait, and has all
/// caches flushed for nothing where only SEV numbers do.
enum OtherClassAsked: SVMSEVRules {
  @inline(__always)
  static func mayRecycle<M: SecureMachine & DecidingMachine>(
    for range: SEVRange, _ allocator: SVMSEV<M, Self>, on m: M
  ) -> Bool {
    allocator.numbers.anyAside(in: allocator.parts.value.sev, on: m)
  }
}
