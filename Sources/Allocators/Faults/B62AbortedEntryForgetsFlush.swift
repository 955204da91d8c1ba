import Machines

/// B62: an entry that is not made clears what the VMCB was to flush. The request for it has been taken
/// already, so nobody flushes.
enum AbortedEntryForgetsFlush: SVMDynamicRules {
  @inline(__always)
  static func entryAborted<M: Machine>(_ vcpu: VMCB<M>, on m: M) { vcpu.set(.nothing, on: m) }
}
