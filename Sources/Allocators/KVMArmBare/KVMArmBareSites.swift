// Every place where the bare KVM/arm allocator touches shared memory or the hardware, with the
// kernel function that it stands for. Cells, which the lock guards, are no sites.

import Domain
import Machines

/// The sites of `KVMArmBare`.
public enum KVMArmBareSites {
  /// The commit whose order of publication the table follows.
  public static let commit = "fb544d1ca65a"

  static let firstGeneration = Site(1)
  static let firstVMGeneration = Site(2)
  static let slowLock = Site(3)
  static let slowGeneration = Site(4)
  static let slowVMGeneration = Site(5)
  static let bumpGeneration = Site(6)
  static let throwOut = Site(7)
  static let rolloverFlush = Site(8)
  static let rolloverFlushWait = Site(9)
  static let publishNumber = Site(10)
  static let publishGeneration = Site(11)
  static let slowUnlock = Site(12)
  static let markEntering = Site(13)
  static let enteringBarrier = Site(14)
  static let lastGeneration = Site(15)
  static let lastVMGeneration = Site(16)
  static let lateNumber = Site(17)
  static let leaveEntering = Site(18)
  static let abortEntering = Site(19)
  static let flushNumber = Site(20)
  static let flushPage = Site(21)
  static let flushPageWait = Site(22)
  static let createGeneration = Site(23)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(
      firstGeneration, "first-generation", "load", "generation", "relaxed", "need_new_vmid_gen"),
    row(
      firstVMGeneration, "first-vm-generation", "load", "vm.generation", "acquire",
      "need_new_vmid_gen"),
    row(slowLock, "slow-lock", "acquire", "lock", "acquire", "update_vttbr"),
    row(slowGeneration, "slow-generation", "load", "generation", "relaxed", "need_new_vmid_gen"),
    row(
      slowVMGeneration, "slow-vm-generation", "load", "vm.generation", "relaxed",
      "need_new_vmid_gen"),
    row(bumpGeneration, "bump-generation", "add", "generation", "fullyOrdered", "update_vttbr"),
    row(throwOut, "throw-out", "wait", "irqoff[other]", "acquire", "force_vm_exit"),
    row(
      rolloverFlush, "rollover-flush", "invalidate", "everything", "-", "__kvm_flush_vm_context"),
    row(
      rolloverFlushWait, "rollover-flush-wait", "waitForInvalidations", "-", "-",
      "__kvm_flush_vm_context"),
    row(publishNumber, "publish-number", "store", "vm.number", "relaxed", "update_vttbr"),
    row(
      publishGeneration, "publish-generation", "store", "vm.generation", "release",
      "update_vttbr"),
    row(slowUnlock, "slow-unlock", "release", "lock", "release", "update_vttbr"),
    row(
      markEntering, "mark-entering", "store", "irqoff[this]", "relaxed",
      "kvm_arch_vcpu_ioctl_run"),
    row(enteringBarrier, "entering-barrier", "fence", "-", "full", "kvm_arch_vcpu_ioctl_run"),
    row(lastGeneration, "last-generation", "load", "generation", "relaxed", "need_new_vmid_gen"),
    row(
      lastVMGeneration, "last-vm-generation", "load", "vm.generation", "acquire",
      "need_new_vmid_gen"),
    row(lateNumber, "late-number", "load", "vm.number", "relaxed", "__activate_vm"),
    row(
      leaveEntering, "leave-entering", "store", "irqoff[this]", "release",
      "kvm_arch_vcpu_ioctl_run"),
    row(
      abortEntering, "abort-entering", "store", "irqoff[this]", "relaxed",
      "kvm_arch_vcpu_ioctl_run"),
    row(flushNumber, "flush-number", "load", "vm.number", "relaxed", "__kvm_tlb_flush_vmid_ipa"),
    row(flushPage, "flush-page", "invalidate", "page", "-", "__kvm_tlb_flush_vmid_ipa"),
    row(
      flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-",
      "__kvm_tlb_flush_vmid_ipa"),
    row(
      createGeneration, "create-generation", "store", "vm.generation", "relaxed",
      "kvm_arch_init_vm"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
