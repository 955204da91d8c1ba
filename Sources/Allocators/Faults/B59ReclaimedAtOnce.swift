import Machines

/// B59: a dead VM's number is taken again without writing back any cache and without flushing the
/// fabric. The firmware does not bind it; where nobody asks the firmware, lines under the old key are
/// written to the new VM's memory.
enum ReclaimedAtOnce: SVMSEVRules {
  @inline(__always)
  static func emptyCaches<M: SecureMachine & DecidingMachine>(
    _ allocator: SVMSEV<M, Self>, on m: M
  ) -> Bool { true }
}
