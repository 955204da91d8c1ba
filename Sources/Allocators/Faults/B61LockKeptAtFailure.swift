import Machines

/// B61: where the number cannot be registered, the way out passes by the unlock, and by the place where
/// the error is set: the VM is told that it has a number, and has none.
enum LockKeptAtFailure: SVMSEVRules {
  @inline(__always)
  static func registrationFailed<M: SecureMachine & DecidingMachine>(
    _ allocator: SVMSEV<M, Self>, on m: M
  ) throws(AllocationError) -> UInt64 { 0 }
}
