// v3 of the series: as merged, but for what a put leaves behind.

import Domain
import Machines

/// A put stores 0 into the slot. 0 also says that a rollover has been there: so every vCPU that is
/// loaded takes the lock, and a rollover keeps what it once reserved for a pCPU that has long left.
/// Never a wrong number, but no fast path after a put and no number freed by one.
///
/// Shameer Kolothum, "kvm/arm: New VMID allocator based on asid", v3, 2021-07-29,
/// <20210729104009.382-1>; Will Deacon's answer, 2021-08-03.
enum Arm64VMIDv3: Arm64VMIDRules {
  /// kvm_arm_vmid_clear_active of v3.
  @inline(__always)
  static func leave<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {
    m.store(allocator.active[m.pcpu], 0, .relaxed, at: Arm64VMIDSites.leaveActive)
  }

  /// As after a put.
  @inline(__always)
  static func idleSlot(marker: UInt64) -> UInt64 { 0 }
}
