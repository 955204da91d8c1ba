// Every place where an ASID allocator of the family touches shared memory or the hardware, with the
// function of arm64 that it stands for. Cells, which the lock guards, are no sites.

import Domain
import Machines

/// The sites of `ArmASID`, shared by its versions: none reaches all of them.
public enum ArmASIDSites {
  /// The version of arch/arm64/mm/context.c that the table follows.
  public static let commit = "0291023e7330"

  static let fastID = Site(1)
  static let fastActive = Site(2)
  static let fastGeneration = Site(3)
  static let fastClaim = Site(4)
  static let fastExchange = Site(5)
  static let fastExchangeRelaxed = Site(6)
  static let slowLock = Site(7)
  static let slowID = Site(8)
  static let slowGeneration = Site(9)
  static let newID = Site(10)
  static let newGeneration = Site(11)
  static let bumpGeneration = Site(12)
  static let rolloverTakeActive = Site(13)
  static let rolloverFlush = Site(14)
  static let rolloverFlushWait = Site(15)
  static let keepID = Site(16)
  static let slowFlush = Site(17)
  static let slowFlushWait = Site(18)
  static let slowActive = Site(19)
  static let slowUnlock = Site(20)
  static let lateID = Site(21)
  static let leaveActive = Site(22)
  static let pinLock = Site(23)
  static let pinID = Site(24)
  static let pinGeneration = Site(25)
  static let pinUnlock = Site(26)
  static let unpinLock = Site(27)
  static let unpinID = Site(28)
  static let unpinUnlock = Site(29)
  static let flushID = Site(30)
  static let flushPage = Site(31)
  static let flushPageWait = Site(32)
  static let createID = Site(33)
  static let noFreeNumber = Site(34)

  private static let decide = "check_and_switch_context"

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(fastID, "fast-id", "load", "vm.id", "relaxed", decide),
    row(fastActive, "fast-active", "load", "active[this]", "relaxed", decide),
    row(fastGeneration, "fast-generation", "load", "generation", "relaxed", "asid_gen_match"),
    row(fastClaim, "fast-claim", "compareExchange", "active[this]", "relaxed", decide),
    row(fastExchange, "fast-exchange", "exchange", "active[this]", "fullyOrdered", decide),
    row(
      fastExchangeRelaxed, "fast-exchange-relaxed", "exchange", "active[this]", "relaxed", decide),
    row(slowLock, "slow-lock", "acquire", "lock", "acquire", decide),
    row(slowID, "slow-id", "load", "vm.id", "relaxed", decide),
    row(slowGeneration, "slow-generation", "load", "generation", "relaxed", "asid_gen_match"),
    row(newID, "new-id", "load", "vm.id", "relaxed", "new_context"),
    row(newGeneration, "new-generation", "load", "generation", "relaxed", "new_context"),
    row(bumpGeneration, "bump-generation", "add", "generation", "relaxed", "new_context"),
    row(
      rolloverTakeActive, "rollover-take-active", "exchange", "active[each]", "relaxed",
      "flush_context"),
    row(rolloverFlush, "rollover-flush", "invalidate", "everything", "-", "flush_context"),
    row(
      rolloverFlushWait, "rollover-flush-wait", "waitForInvalidations", "-", "-", "flush_context"),
    row(keepID, "keep-id", "store", "vm.id", "relaxed", decide),
    row(slowFlush, "slow-flush", "invalidate", "everything", "-", "local_flush_tlb_all"),
    row(
      slowFlushWait, "slow-flush-wait", "waitForInvalidations", "-", "-", "local_flush_tlb_all"),
    row(slowActive, "slow-active", "store", "active[this]", "relaxed", decide),
    row(slowUnlock, "slow-unlock", "release", "lock", "release", decide),
    row(lateID, "late-id", "load", "vm.id", "relaxed", "cpu_do_switch_mm"),
    row(
      leaveActive, "leave-active", "store", "active[this]", "relaxed",
      "kvm_arm_vmid_clear_active"),
    row(pinLock, "pin-lock", "acquire", "lock", "acquire", "arm64_mm_context_get"),
    row(pinID, "pin-id", "load", "vm.id", "relaxed", "arm64_mm_context_get"),
    row(pinGeneration, "pin-generation", "load", "generation", "relaxed", "asid_gen_match"),
    row(pinUnlock, "pin-unlock", "release", "lock", "release", "arm64_mm_context_get"),
    row(unpinLock, "unpin-lock", "acquire", "lock", "acquire", "arm64_mm_context_put"),
    row(unpinID, "unpin-id", "load", "vm.id", "relaxed", "arm64_mm_context_put"),
    row(unpinUnlock, "unpin-unlock", "release", "lock", "release", "arm64_mm_context_put"),
    row(flushID, "flush-id", "load", "vm.id", "relaxed", "flush_tlb_page"),
    row(flushPage, "flush-page", "invalidate", "page", "-", "flush_tlb_page"),
    row(flushPageWait, "flush-page-wait", "waitForInvalidations", "-", "-", "flush_tlb_page"),
    row(createID, "create-id", "store", "vm.id", "relaxed", "init_new_context"),
    row(noFreeNumber, "no-free-number", "bug", "-", "-", "new_context"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
