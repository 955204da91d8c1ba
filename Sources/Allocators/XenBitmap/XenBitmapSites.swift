// Every place where Xen's bitmap on RISC-V touches shared memory or the hardware, with the function
// that it stands for. Cells, which the lock guards, are no sites.

import Domain
import Machines

/// The sites of `XenBitmap`.
public enum XenBitmapSites {
  static let createDirty = Site(1)
  static let allocLock = Site(2)
  static let reuseDirty = Site(3)
  static let reuseFlush = Site(4)
  static let reuseFlushWait = Site(5)
  static let allocUnlock = Site(6)
  static let freeLock = Site(7)
  static let freeUnlock = Site(8)
  static let lookDirty = Site(9)
  static let markDirty = Site(10)
  static let switchFlush = Site(11)
  static let flushDirty = Site(12)
  static let flushPage = Site(13)
  static let flushPageWait = Site(14)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(createDirty, "create-dirty", "store", "vm.dirty", "relaxed", "domain_create"),
    row(allocLock, "alloc-lock", "acquire", "lock", "acquire", "p2m_alloc_vmid"),
    row(reuseDirty, "reuse-dirty", "load", "vm.dirty", "relaxed", "p2m_alloc_vmid"),
    row(reuseFlush, "reuse-flush", "invalidate", "tag", "-", "sbi_remote_hfence_gvma_vmid"),
    row(
      reuseFlushWait, "reuse-flush-wait", "waitForInvalidations", "-", "-",
      "sbi_remote_hfence_gvma_vmid"),
    row(allocUnlock, "alloc-unlock", "release", "lock", "release", "p2m_alloc_vmid"),
    row(freeLock, "free-lock", "acquire", "lock", "acquire", "p2m_free_vmid"),
    row(freeUnlock, "free-unlock", "release", "lock", "release", "p2m_free_vmid"),
    row(lookDirty, "look-dirty", "load", "vm.dirty", "relaxed", "context_switch"),
    row(markDirty, "mark-dirty", "or", "vm.dirty", "fullyOrdered", "context_switch"),
    row(switchFlush, "switch-flush", "invalidate", "everything", "-", "context_switch"),
    row(flushDirty, "flush-dirty", "load", "vm.dirty", "relaxed", "p2m_tlb_flush"),
    row(flushPage, "flush-page", "invalidate", "page", "-", "sbi_remote_hfence_gvma_vmid"),
    row(
      flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-",
      "sbi_remote_hfence_gvma_vmid"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
