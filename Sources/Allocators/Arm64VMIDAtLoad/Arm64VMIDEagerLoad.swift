// Stage 2 is loaded at vcpu_load with whatever id the VM has there: 934bf871f011.

import Domain
import Machines

/// An id is allocated before the entry, as ever, and VTTBR_EL2 is loaded again if it changed: if
/// *this* update changed it. Of two vCPUs that are loaded before their VM has an id the first one to
/// enter allocates and reloads; the second one finds the id current, reloads nothing, and enters with
/// VMID 0, or with the number of an earlier generation. Cured by fa808ed4e199.
enum Arm64VMIDEagerLoad: Arm64VMIDAtLoadRules {
  /// kvm_arch_vcpu_load: the id may be 0 or old.
  @inline(__always)
  static func load<M: Machine>(
    _ vcpu: UInt64, _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {
    allocator.dropOtherVCPUs(than: vcpu, vm, on: m)
    allocator.loadStage2(vm, on: m)
  }

  /// kvm_arch_vcpu_ioctl_run, before every entry.
  @inline(__always)
  static func prepareEntry<M: Machine>(
    _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {
    if allocator.update(vm, on: m) { allocator.loadStage2(vm, on: m) }
  }
}
