import Machines

/// H04: the rollover's flush never ends: it waits for a lock that the rollover itself holds.
enum FlushNeverEnds: Arm64VMIDRules {
  static func flushEverything<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {
    _ = m.wait(
      for: allocator.lock.word, until: .equals(0), .relaxed,
      at: Arm64VMIDSites.rolloverFlushWait)
  }
}
