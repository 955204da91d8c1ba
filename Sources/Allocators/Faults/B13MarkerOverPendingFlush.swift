import Machines

/// B13: v2 with the marker that the merged version leaves in the slot at a put. It may wipe out the 0
/// that a rollover put there, and with it the only reason to take the lock, where the pending flush
/// would be made. The merged version may do so because its rollover flushes by itself.
enum MarkerOverPendingFlush: Arm64VMIDLocalFlush {
  @inline(__always)
  static func leave<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {
    if m.observe(allocator.active[m.pcpu]) == 0 { m.note(.markerStoredOverZero) }
    m.store(
      allocator.active[m.pcpu], allocator.leftMarker, .relaxed, at: Arm64VMIDSites.leaveActive)
  }
}
