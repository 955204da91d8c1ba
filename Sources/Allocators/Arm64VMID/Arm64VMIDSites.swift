// Every place where the arm64 VMID allocator touches shared memory or the hardware, with the
// kernel function that it stands for. Cells, which the lock guards, are no sites.

import Domain
import Machines

/// The sites of `Arm64VMID`.
public enum Arm64VMIDSites {
  /// The version of arch/arm64/kvm/vmid.c that the table follows.
  public static let commit = "100b4f092f87"

  static let fastID = Site(1)
  static let fastActive = Site(2)
  static let fastGeneration = Site(3)
  static let fastClaim = Site(4)
  static let slowLock = Site(5)
  static let slowID = Site(6)
  static let slowGeneration = Site(7)
  static let newID = Site(8)
  static let newGeneration = Site(9)
  static let renewID = Site(10)
  static let bumpGeneration = Site(11)
  static let rolloverTakeActive = Site(12)
  static let rolloverBarrier = Site(13)
  static let rolloverFlush = Site(14)
  static let rolloverFlushWait = Site(15)
  static let freshID = Site(16)
  static let slowActive = Site(17)
  static let slowUnlock = Site(18)
  static let lateID = Site(19)
  static let leaveActive = Site(20)
  static let flushID = Site(21)
  static let flushPage = Site(22)
  static let flushPageWait = Site(23)
  static let createID = Site(24)
  static let noFreeNumber = Site(25)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(fastID, "fast-id", "load", "vm.id", "relaxed", "kvm_arm_vmid_update"),
    row(fastActive, "fast-active", "load", "active[this]", "relaxed", "kvm_arm_vmid_update"),
    row(fastGeneration, "fast-generation", "load", "generation", "relaxed", "vmid_gen_match"),
    row(
      fastClaim, "fast-claim", "compareExchange", "active[this]", "relaxed",
      "kvm_arm_vmid_update"),
    row(slowLock, "slow-lock", "acquire", "lock", "acquire", "kvm_arm_vmid_update"),
    row(slowID, "slow-id", "load", "vm.id", "relaxed", "kvm_arm_vmid_update"),
    row(slowGeneration, "slow-generation", "load", "generation", "relaxed", "vmid_gen_match"),
    row(newID, "new-id", "load", "vm.id", "relaxed", "new_vmid"),
    row(newGeneration, "new-generation", "load", "generation", "relaxed", "new_vmid"),
    row(renewID, "renew-id", "store", "vm.id", "relaxed", "new_vmid"),
    row(bumpGeneration, "bump-generation", "add", "generation", "relaxed", "new_vmid"),
    row(
      rolloverTakeActive, "rollover-take-active", "exchange", "active[each]", "relaxed",
      "flush_context"),
    row(
      rolloverBarrier, "rollover-barrier", "fence", "-", "storeStore",
      "__kvm_flush_vm_context"),
    row(
      rolloverFlush, "rollover-flush", "invalidate", "everything", "-",
      "__kvm_flush_vm_context"),
    row(
      rolloverFlushWait, "rollover-flush-wait", "waitForInvalidations", "-", "-",
      "__kvm_flush_vm_context"),
    row(freshID, "fresh-id", "store", "vm.id", "relaxed", "new_vmid"),
    row(slowActive, "slow-active", "store", "active[this]", "relaxed", "kvm_arm_vmid_update"),
    row(slowUnlock, "slow-unlock", "release", "lock", "release", "kvm_arm_vmid_update"),
    row(lateID, "late-id", "load", "vm.id", "relaxed", "kvm_get_vttbr"),
    row(
      leaveActive, "leave-active", "store", "active[this]", "relaxed",
      "kvm_arm_vmid_clear_active"),
    row(flushID, "flush-id", "load", "vm.id", "relaxed", "kvm_get_vttbr"),
    row(
      flushPage, "flush-page", "invalidate", "page", "-", "__kvm_tlb_flush_vmid_ipa"),
    row(
      flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-",
      "__kvm_tlb_flush_vmid_ipa"),
    row(createID, "create-id", "store", "vm.id", "relaxed", "kvm_init_stage2_mmu"),
    row(noFreeNumber, "no-free-number", "bug", "-", "-", "new_vmid"),
  ]

  static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
