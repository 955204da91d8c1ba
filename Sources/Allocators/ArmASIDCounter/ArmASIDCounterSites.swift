// Every place where the counting ASID allocator touches shared memory or the hardware, with the kernel
// function that it stands for.

import Domain
import Machines

/// The sites of `ArmASIDCounter`.
public enum ArmASIDCounterSites {
  /// The version of arch/arm/mm/context.c that the table follows.
  public static let commit = "065cf519c329"

  static let lookBack = Site(1)
  static let fastID = Site(2)
  static let fastLast = Site(3)
  static let slowLock = Site(4)
  static let slowID = Site(5)
  static let slowLast = Site(6)
  static let newVersion = Site(7)
  static let ownFlush = Site(8)
  static let call = Site(9)
  static let callWait = Site(10)
  static let newLast = Site(11)
  static let newID = Site(12)
  static let slowUnlock = Site(13)
  static let lastLook = Site(14)
  static let flushID = Site(15)
  static let flushPage = Site(16)
  static let flushPageWait = Site(17)
  static let createID = Site(18)
  static let markRan = Site(19)
  static let createRan = Site(20)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(lookBack, "look-back", "load", "last", "relaxed", "switch_mm"),
    row(fastID, "fast-id", "load", "vm.id", "relaxed", "check_context"),
    row(fastLast, "fast-last", "load", "last", "relaxed", "check_context"),
    row(slowLock, "slow-lock", "acquire", "lock", "acquire", "__new_context"),
    row(slowID, "slow-id", "load", "vm.id", "relaxed", "__new_context"),
    row(slowLast, "slow-last", "load", "last", "relaxed", "__new_context"),
    row(newVersion, "new-version", "store", "last", "relaxed", "__new_context"),
    row(ownFlush, "own-flush", "invalidate", "everything", "-", "flush_context"),
    row(call, "call", "call", "others", "-", "reset_context"),
    row(callWait, "call-wait", "waitForCalls", "-", "-", "reset_context"),
    row(newLast, "new-last", "store", "last", "relaxed", "__new_context"),
    row(newID, "new-id", "store", "vm.id", "relaxed", "set_mm_context"),
    row(slowUnlock, "slow-unlock", "release", "lock", "release", "__new_context"),
    row(lastLook, "last-look", "load", "last", "relaxed", "cpu_switch_mm"),
    row(flushID, "flush-id", "load", "vm.id", "relaxed", "flush_tlb_page"),
    row(flushPage, "flush-page", "invalidate", "page", "-", "flush_tlb_page"),
    row(flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-", "flush_tlb_page"),
    row(createID, "create-id", "store", "vm.id", "relaxed", "__init_new_context"),
    row(markRan, "mark-ran", "or", "vm.ranOn", "relaxed", "switch_mm"),
    row(createRan, "create-ran", "store", "vm.ranOn", "relaxed", "__init_new_context"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
