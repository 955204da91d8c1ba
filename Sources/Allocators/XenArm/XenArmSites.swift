// Every place where Xen's bitmap on Arm touches shared memory or the hardware, with the function that
// it stands for. Cells are no sites.

import Domain
import Machines

/// The sites of `XenArm`.
public enum XenArmSites {
  static let allocLock = Site(1)
  static let allocUnlock = Site(2)
  static let firstFlush = Site(3)
  static let firstFlushWait = Site(4)
  static let freeLock = Site(5)
  static let freeUnlock = Site(6)
  static let otherVCPUFlush = Site(7)
  static let flush = Site(8)
  static let flushWait = Site(9)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(allocLock, "alloc-lock", "acquire", "lock", "acquire", "p2m_alloc_vmid"),
    row(allocUnlock, "alloc-unlock", "release", "lock", "release", "p2m_alloc_vmid"),
    row(firstFlush, "first-flush", "invalidate", "tag", "-", "p2m_force_tlb_flush_sync"),
    row(
      firstFlushWait, "first-flush-wait", "waitForInvalidations", "-", "-",
      "p2m_force_tlb_flush_sync"),
    row(freeLock, "free-lock", "acquire", "lock", "acquire", "p2m_free_vmid"),
    row(freeUnlock, "free-unlock", "release", "lock", "release", "p2m_free_vmid"),
    row(otherVCPUFlush, "other-vcpu-flush", "invalidate", "tag", "-", "p2m_restore_state"),
    row(flush, "flush", "invalidate", "tag", "-", "p2m_tlb_flush_sync"),
    row(flushWait, "flush-wait", "waitForInvalidations", "-", "-", "p2m_tlb_flush_sync"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
