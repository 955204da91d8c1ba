// Every place where KVM's allocator on arm before 2021 touches shared memory or the hardware, in all
// its versions, with the kernel function that it stands for. Cells, which the lock guards, are no
// sites.

import Domain
import Machines

/// The sites of `KVMArm`.
public enum KVMArmSites {
  /// The version of virt/kvm/arm/arm.c that the table follows.
  public static let commit = "fb544d1ca65a"

  static let firstGeneration = Site(1)
  static let firstBarrier = Site(2)
  static let firstVMGeneration = Site(3)
  static let slowLock = Site(4)
  static let slowGeneration = Site(5)
  static let slowBarrier = Site(6)
  static let slowVMGeneration = Site(7)
  static let bumpGeneration = Site(8)
  static let callOut = Site(9)
  static let callOutWait = Site(10)
  static let rolloverFlush = Site(11)
  static let rolloverFlushWait = Site(12)
  static let takenGeneration = Site(13)
  static let publishVTTBR = Site(14)
  static let publishBarrier = Site(15)
  static let publishGeneration = Site(16)
  static let slowUnlock = Site(17)
  static let markEntering = Site(18)
  static let enteringBarrier = Site(19)
  static let lastGeneration = Site(20)
  static let lastBarrier = Site(21)
  static let lastVMGeneration = Site(22)
  static let lateVTTBR = Site(23)
  static let leaveMode = Site(24)
  static let abortMode = Site(25)
  static let flushVTTBR = Site(26)
  static let flushPage = Site(27)
  static let flushPageWait = Site(28)
  static let createGeneration = Site(29)
  static let createVTTBR = Site(30)
  // Of f0cf47d939d0.
  static let readLock = Site(31)
  static let readUnlock = Site(32)
  static let writeLock = Site(33)
  static let writeUnlock = Site(34)
  // Of the version that asks who is in the guest.
  static let askBarrier = Site(35)
  static let askMode = Site(36)

  /// The sites of one need_new_vmid_gen.
  struct Look {
    let generation: Site
    let barrier: Site
    let vmGeneration: Site

    static let first = Look(
      generation: firstGeneration, barrier: firstBarrier, vmGeneration: firstVMGeneration)
    static let slow = Look(
      generation: slowGeneration, barrier: slowBarrier, vmGeneration: slowVMGeneration)
    static let last = Look(
      generation: lastGeneration, barrier: lastBarrier, vmGeneration: lastVMGeneration)
  }

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = entering + renewing + others

  private static let entering: [SiteDescription] =
    look(.first, "first")
    + [row(slowLock, "slow-lock", "acquire", "lock", "acquire", "update_vttbr")]
    + look(.slow, "slow")

  private static let renewing: [SiteDescription] =
    [
      row(bumpGeneration, "bump-generation", "add", "generation", "relaxed", "update_vttbr"),
      row(callOut, "call-out", "call", "-", "-", "force_vm_exit"),
      row(callOutWait, "call-out-wait", "waitForCalls", "-", "-", "force_vm_exit"),
      row(
        rolloverFlush, "rollover-flush", "invalidate", "everything", "-",
        "__kvm_flush_vm_context"),
      row(
        rolloverFlushWait, "rollover-flush-wait", "waitForInvalidations", "-", "-",
        "__kvm_flush_vm_context"),
      row(takenGeneration, "taken-generation", "load", "generation", "relaxed", "update_vttbr"),
      row(publishVTTBR, "publish-vttbr", "store", "vttbr", "relaxed", "update_vttbr"),
      row(publishBarrier, "publish-barrier", "fence", "-", "storeStore", "update_vttbr"),
      row(
        publishGeneration, "publish-generation", "store", "VM generation", "relaxed",
        "update_vttbr"),
      row(slowUnlock, "slow-unlock", "release", "lock", "release", "update_vttbr"),
      row(
        markEntering, "mark-entering", "store", "mode[this]", "relaxed",
        "kvm_arch_vcpu_ioctl_run"),
      row(enteringBarrier, "entering-barrier", "fence", "-", "full", "kvm_arch_vcpu_ioctl_run"),
    ] + look(.last, "last")

  private static let others: [SiteDescription] = [
    row(lateVTTBR, "late-vttbr", "load", "vttbr", "relaxed", "__activate_vm"),
    row(leaveMode, "leave-mode", "store", "mode[this]", "release", "kvm_arch_vcpu_ioctl_run"),
    row(abortMode, "abort-mode", "store", "mode[this]", "relaxed", "kvm_arch_vcpu_ioctl_run"),
    row(flushVTTBR, "flush-vttbr", "load", "vttbr", "relaxed", "__kvm_tlb_flush_vmid_ipa"),
    row(flushPage, "flush-page", "invalidate", "page", "-", "__kvm_tlb_flush_vmid_ipa"),
    row(
      flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-",
      "__kvm_tlb_flush_vmid_ipa"),
    row(
      createGeneration, "create-generation", "store", "VM generation", "relaxed",
      "kvm_arch_init_vm"),
    row(createVTTBR, "create-vttbr", "store", "vttbr", "relaxed", "kvm_arch_init_vm"),
    row(readLock, "read-lock", "compareExchange", "lock", "acquire", "update_vttbr"),
    row(readUnlock, "read-unlock", "add", "lock", "release", "update_vttbr"),
    row(writeLock, "write-lock", "compareExchange", "lock", "acquire", "update_vttbr"),
    row(writeUnlock, "write-unlock", "store", "lock", "release", "update_vttbr"),
    row(askBarrier, "ask-barrier", "fence", "-", "full", "kvm_make_all_cpus_request"),
    row(askMode, "ask-mode", "load", "mode[other]", "acquire", "kvm_make_all_cpus_request"),
  ]

  private static func look(_ sites: Look, _ name: String) -> [SiteDescription] {
    [
      row(
        sites.generation, "\(name)-generation", "load", "generation", "relaxed",
        "need_new_vmid_gen"),
      row(sites.barrier, "\(name)-barrier", "fence", "-", "loadLoad", "need_new_vmid_gen"),
      row(
        sites.vmGeneration, "\(name)-vm-generation", "load", "VM generation", "relaxed",
        "need_new_vmid_gen"),
    ]
  }

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
