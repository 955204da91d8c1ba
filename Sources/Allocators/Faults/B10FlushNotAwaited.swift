import Machines

/// B10: a rollover issues its flush and does not wait for it. Numbers are handed out again while
/// some TLB still has translations under them.
enum FlushNotAwaited: Arm64VMIDRules {
  @inline(__always)
  static func flushEverything<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {
    m.fence(.storeStore, at: Arm64VMIDSites.rolloverBarrier)
    m.invalidate(.everything, on: .everyPCPU, at: Arm64VMIDSites.rolloverFlush)
  }
}
