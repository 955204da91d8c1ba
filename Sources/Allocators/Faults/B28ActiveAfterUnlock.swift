import Machines

/// B28: the slow path makes its id active after it has given the lock back. A rollover in between
/// does not see it.
enum ActiveAfterUnlock: Arm64VMIDRules {
  @inline(__always)
  static func publishAndUnlock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    m.release(allocator.lock, at: Arm64VMIDSites.slowUnlock)
    m.store(allocator.active[m.pcpu], id, .relaxed, at: Arm64VMIDSites.slowActive)
  }
}
