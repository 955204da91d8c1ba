import Machines

/// B04: whoever takes the lock allocates, without looking again whether another vCPU of the same VM
/// came first. The VM runs with two numbers.
enum NoRetestUnderLock: Arm64VMIDRules {
  @inline(__always)
  static func isCurrentUnderLock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> Bool { false }
}
