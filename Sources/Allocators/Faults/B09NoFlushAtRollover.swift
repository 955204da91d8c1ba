import Machines

/// B09: nothing is flushed at a rollover. A number's new owner hits the old owner's translations.
enum NoFlushAtRollover: Arm64VMIDRules {
  @inline(__always)
  static func flushEverything<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {}
}
