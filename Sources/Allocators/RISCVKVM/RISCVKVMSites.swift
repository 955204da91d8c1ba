// Every place where KVM's allocator on RISC-V touches shared memory or the hardware, with the kernel
// function that it stands for. Cells, which the lock guards or which belong to one, are no sites.

import Domain
import Machines

/// The sites of `RISCVKVM`.
public enum RISCVKVMSites {
  static let loadNumber = Site(1)
  static let updateVMVersion = Site(2)
  static let updateVersion = Site(3)
  static let slowLock = Site(4)
  static let slowVMVersion = Site(5)
  static let slowVersion = Site(6)
  static let oldVersion = Site(7)
  static let bumpVersion = Site(8)
  static let callFlush = Site(9)
  static let localFlush = Site(10)
  static let callFlushWait = Site(11)
  static let takenVersion = Site(12)
  static let publishNumber = Site(13)
  static let makeRequest = Site(14)
  static let publishVersion = Site(15)
  static let slowUnlock = Site(16)
  static let seeRequest = Site(17)
  static let takeRequest = Site(18)
  static let askedNumber = Site(19)
  static let lastVMVersion = Site(20)
  static let lastVersion = Site(21)
  static let lastRequest = Site(22)
  static let sanitizeNumber = Site(23)
  static let sanitize = Site(24)
  static let flushNumber = Site(25)
  static let flushPage = Site(26)
  static let flushPageWait = Site(27)
  static let createVersion = Site(28)
  static let createNumber = Site(29)
  static let createRequest = Site(30)

  private static let update = "kvm_riscv_gstage_vmid_update"
  private static let changed = "kvm_riscv_gstage_vmid_ver_changed"
  private static let initialise = "kvm_riscv_gstage_vmid_init"

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = renewing + entering + others

  private static let renewing: [SiteDescription] = [
    row(loadNumber, "load-number", "load", "VM number", "relaxed", "kvm_riscv_mmu_update_hgatp"),
    row(updateVMVersion, "update-vm-version", "load", "VM version", "acquire", changed),
    row(updateVersion, "update-version", "load", "version", "relaxed", changed),
    row(slowLock, "slow-lock", "acquire", "lock", "acquire", update),
    row(slowVMVersion, "slow-vm-version", "load", "VM version", "acquire", changed),
    row(slowVersion, "slow-version", "load", "version", "relaxed", changed),
    row(oldVersion, "old-version", "load", "version", "relaxed", update),
    row(bumpVersion, "bump-version", "store", "version", "relaxed", update),
    row(callFlush, "call-flush", "call", "-", "-", "on_each_cpu_mask"),
    row(localFlush, "local-flush", "invalidate", "everything", "-", "__local_hfence_gvma_all"),
    row(callFlushWait, "call-flush-wait", "waitForCalls", "-", "-", "on_each_cpu_mask"),
    row(takenVersion, "taken-version", "load", "version", "relaxed", update),
    row(publishNumber, "publish-number", "store", "VM number", "relaxed", update),
    row(makeRequest, "make-request", "or", "request", "release", "kvm_make_request"),
    row(publishVersion, "publish-version", "store", "VM version", "release", update),
    row(slowUnlock, "slow-unlock", "release", "lock", "release", update),
  ]

  private static let entering: [SiteDescription] = [
    row(seeRequest, "see-request", "load", "request", "relaxed", "kvm_check_request"),
    row(takeRequest, "take-request", "exchange", "request", "fullyOrdered", "kvm_check_request"),
    row(
      askedNumber, "asked-number", "load", "VM number", "relaxed", "kvm_riscv_mmu_update_hgatp"),
    row(lastVMVersion, "last-vm-version", "load", "VM version", "acquire", changed),
    row(lastVersion, "last-version", "load", "version", "relaxed", changed),
    row(lastRequest, "last-request", "load", "request", "relaxed", "kvm_request_pending"),
    row(
      sanitizeNumber, "sanitize-number", "load", "VM number", "relaxed",
      "kvm_riscv_gstage_vmid_sanitize"),
    row(sanitize, "sanitize", "invalidate", "tag", "-", "kvm_riscv_gstage_vmid_sanitize"),
  ]

  private static let others: [SiteDescription] = [
    row(
      flushNumber, "flush-number", "load", "VM number", "relaxed",
      "kvm_arch_flush_remote_tlbs_range"),
    row(
      flushPage, "flush-page", "invalidate", "page", "-", "kvm_arch_flush_remote_tlbs_range"),
    row(
      flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-",
      "kvm_arch_flush_remote_tlbs_range"),
    row(createVersion, "create-version", "store", "VM version", "relaxed", initialise),
    row(createNumber, "create-number", "store", "VM number", "relaxed", initialise),
    row(createRequest, "create-request", "store", "request", "relaxed", "kvm_vcpu_init"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
