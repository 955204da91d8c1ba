import Machines

/// B06S: a rollover notes which numbers are in use on some pCPU and does not take them out of those
/// that it hands out again.
enum ReservedNotTaken: Arm64VMIDRules {
  @inline(__always)
  static func keepTaken<M: Machine>(
    _ number: Int, _ allocator: Arm64VMID<M, Self>, on m: M
  ) {}
}
