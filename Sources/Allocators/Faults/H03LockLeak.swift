import Machines

/// H03: the slow path forgets to give the lock back in every fourth generation. All pCPUs
/// wait for ever.
enum LockLeak: Arm64VMIDRules {
  @inline(__always)
  static func publishAndUnlock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    m.store(allocator.active[m.pcpu], id, .relaxed, at: Arm64VMIDSites.slowActive)
    if (id >> allocator.tagBits) % 4 == 0 { return }
    m.release(allocator.lock, at: Arm64VMIDSites.slowUnlock)
  }
}
