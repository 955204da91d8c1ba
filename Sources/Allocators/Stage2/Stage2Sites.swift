// Every place where the stage-2 code touches shared memory or the hardware, with the kernel function that
// it stands for. They follow those of the VMID allocator.

import Domain

/// The sites of `Stage2`.
public enum Stage2Sites {
  /// The series that the code follows, with the fixes that came after it.
  public static let series = "FEAT_TLBIRANGE v7 on kvmarm, 22 Jul 2023,"

  static let poolLock = Site(26)
  static let poolUnlock = Site(27)
  static let clearTable = Site(28)
  static let faultLock = Site(29)
  static let faultLogging = Site(30)
  static let faultUnlock = Site(31)
  static let walkEntry = Site(32)
  static let breakEntry = Site(33)
  static let makeEntry = Site(34)
  static let relaxEntry = Site(35)
  static let countChange = Site(36)
  static let flushID = Site(37)
  static let flushBarrier = Site(38)
  static let flushStage2 = Site(39)
  static let flushStage2Wait = Site(40)
  static let flushStage1 = Site(41)
  static let flushStage1Wait = Site(42)
  static let flushAll = Site(43)
  static let flushAllWait = Site(44)
  static let unlinkedLock = Site(45)
  static let unlinkedUnlock = Site(46)
  static let freeLock = Site(47)
  static let freeUnlock = Site(48)
  static let freeEntry = Site(49)
  static let clearEntry = Site(50)
  static let unmapLock = Site(51)
  static let unmapEntry = Site(52)
  static let unmapOthers = Site(53)
  static let unmapUnlock = Site(54)
  static let protectLock = Site(55)
  static let protectEntry = Site(56)
  static let takeWriteRight = Site(57)
  static let startLogging = Site(58)
  static let protectUnlock = Site(59)
  static let stopLogging = Site(60)
  static let splitLock = Site(61)
  static let splitEntry = Site(62)
  static let fillTable = Site(63)
  static let splitUnlock = Site(64)
  static let awaitEntry = Site(65)
  static let memoryLock = Site(66)
  static let memoryUnlock = Site(67)
  static let lookUpMemory = Site(68)
  static let backMemory = Site(69)
  static let giveMemory = Site(70)
  static let lookUpLogging = Site(71)
  static let logAll = Site(72)
  static let logWrite = Site(73)
  static let lookUpLog = Site(74)
  static let clearLog = Site(75)

  /// Their rows in the table that `list --sites` prints.
  static let table: [SiteDescription] = [
    Arm64VMIDSites.row(
      poolLock, "pool-lock", "acquire", "table pool", "acquire", "kvm_mmu_memory_cache_alloc"),
    Arm64VMIDSites.row(
      poolUnlock, "pool-unlock", "release", "table pool", "release",
      "kvm_mmu_memory_cache_alloc"),
    Arm64VMIDSites.row(
      clearTable, "clear-table", "store", "table[each]", "relaxed", "kvm_s2_zalloc_page"),
    Arm64VMIDSites.row(faultLock, "fault-lock", "acquire", "mmu lock", "acquire", "user_mem_abort"),
    Arm64VMIDSites.row(
      faultLogging, "fault-logging", "load", "dirty logging", "relaxed", "user_mem_abort"),
    Arm64VMIDSites.row(
      faultUnlock, "fault-unlock", "release", "mmu lock", "release", "user_mem_abort"),
    Arm64VMIDSites.row(walkEntry, "walk-entry", "load", "entry", "acquire", "__kvm_pgtable_visit"),
    Arm64VMIDSites.row(
      breakEntry, "break-entry", "compareExchange", "entry", "relaxed", "stage2_try_break_pte"),
    Arm64VMIDSites.row(makeEntry, "make-entry", "store", "entry", "release", "stage2_make_pte"),
    Arm64VMIDSites.row(
      relaxEntry, "relax-entry", "compareExchange", "entry", "relaxed", "stage2_attr_walker"),
    Arm64VMIDSites.row(countChange, "count-change", "add", "changes of tables", "relaxed", "-"),
    Arm64VMIDSites.row(flushID, "flush-id-of-range", "load", "vm.id", "relaxed", "__load_stage2"),
    Arm64VMIDSites.row(
      flushBarrier, "flush-barrier", "fence", "-", "full", "__kvm_tlb_flush_vmid_range"),
    Arm64VMIDSites.row(
      flushStage2, "flush-stage-2", "invalidate", "stage 2", "-", "__kvm_tlb_flush_vmid_range"),
    Arm64VMIDSites.row(
      flushStage2Wait, "flush-stage-2-wait", "waitForInvalidations", "-", "-",
      "__kvm_tlb_flush_vmid_range"),
    Arm64VMIDSites.row(
      flushStage1, "flush-stage-1", "invalidate", "stage 1", "-", "__kvm_tlb_flush_vmid_range"),
    Arm64VMIDSites.row(
      flushStage1Wait, "flush-stage-1-wait", "waitForInvalidations", "-", "-",
      "__kvm_tlb_flush_vmid_range"),
    Arm64VMIDSites.row(flushAll, "flush-vm", "invalidate", "tag", "-", "__kvm_tlb_flush_vmid"),
    Arm64VMIDSites.row(
      flushAllWait, "flush-vm-wait", "waitForInvalidations", "-", "-", "__kvm_tlb_flush_vmid"),
    Arm64VMIDSites.row(
      unlinkedLock, "unlinked-lock", "acquire", "unlinked lock", "acquire",
      "kvm_pgtable_stage2_free_unlinked"),
    Arm64VMIDSites.row(
      unlinkedUnlock, "unlinked-unlock", "release", "unlinked lock", "release",
      "kvm_pgtable_stage2_free_unlinked"),
    Arm64VMIDSites.row(
      freeLock, "free-lock", "acquire", "mmu lock", "acquire", "stage2_free_unlinked_table_rcu_cb"),
    Arm64VMIDSites.row(
      freeUnlock, "free-unlock", "release", "mmu lock", "release",
      "stage2_free_unlinked_table_rcu_cb"),
    Arm64VMIDSites.row(freeEntry, "free-entry", "load", "entry", "relaxed", "stage2_free_walker"),
    Arm64VMIDSites.row(clearEntry, "clear-entry", "store", "entry", "relaxed", "kvm_clear_pte"),
    Arm64VMIDSites.row(
      unmapLock, "unmap-lock", "acquire", "mmu lock", "acquire", "kvm_unmap_gfn_range"),
    Arm64VMIDSites.row(
      unmapEntry, "unmap-entry", "load", "entry", "relaxed", "stage2_unmap_walker"),
    Arm64VMIDSites.row(unmapOthers, "unmap-others", "load", "entry", "relaxed", "page_count"),
    Arm64VMIDSites.row(
      unmapUnlock, "unmap-unlock", "release", "mmu lock", "release", "kvm_unmap_gfn_range"),
    Arm64VMIDSites.row(
      protectLock, "protect-lock", "acquire", "mmu lock", "acquire", "kvm_mmu_wp_memory_region"),
    Arm64VMIDSites.row(
      protectEntry, "protect-entry", "load", "entry", "relaxed", "stage2_attr_walker"),
    Arm64VMIDSites.row(
      takeWriteRight, "take-write-right", "store", "entry", "relaxed", "stage2_attr_walker"),
    Arm64VMIDSites.row(
      startLogging, "start-logging", "store", "dirty logging", "relaxed",
      "kvm_arch_commit_memory_region"),
    Arm64VMIDSites.row(
      protectUnlock, "protect-unlock", "release", "mmu lock", "release", "kvm_mmu_wp_memory_region"),
    Arm64VMIDSites.row(
      stopLogging, "stop-logging", "store", "dirty logging", "relaxed",
      "kvm_arch_commit_memory_region"),
    Arm64VMIDSites.row(
      splitLock, "split-lock", "acquire", "mmu lock", "acquire", "kvm_mmu_split_huge_pages"),
    Arm64VMIDSites.row(
      splitEntry, "split-entry", "load", "entry", "relaxed", "stage2_split_walker"),
    Arm64VMIDSites.row(
      fillTable, "fill-table", "store", "table[each]", "relaxed",
      "kvm_pgtable_stage2_create_unlinked"),
    Arm64VMIDSites.row(
      splitUnlock, "split-unlock", "release", "mmu lock", "release", "kvm_mmu_split_huge_pages"),
    Arm64VMIDSites.row(
      awaitEntry, "await-entry", "wait", "entry", "relaxed", "__kvm_pgtable_visit"),
    Arm64VMIDSites.row(
      memoryLock, "memory-lock", "acquire", "memory", "acquire", "alloc_pages"),
    Arm64VMIDSites.row(
      memoryUnlock, "memory-unlock", "release", "memory", "release", "alloc_pages"),
    Arm64VMIDSites.row(
      lookUpMemory, "look-up-memory", "load", "memory block", "relaxed", "__kvm_faultin_pfn"),
    Arm64VMIDSites.row(
      backMemory, "back-memory", "compareExchange", "memory block", "relaxed", "handle_mm_fault"),
    Arm64VMIDSites.row(
      giveMemory, "give-memory", "store", "memory block", "relaxed", "unmap_page_range"),
    Arm64VMIDSites.row(
      lookUpLogging, "look-up-logging", "load", "dirty logging", "relaxed",
      "kvm_arch_commit_memory_region"),
    Arm64VMIDSites.row(
      logAll, "log-all", "or", "dirty bitmap", "relaxed", "kvm_alloc_dirty_bitmap"),
    Arm64VMIDSites.row(
      logWrite, "log-write", "or", "dirty bitmap", "relaxed", "mark_page_dirty_in_slot"),
    Arm64VMIDSites.row(
      lookUpLog, "look-up-log", "load", "dirty bitmap", "relaxed", "kvm_clear_dirty_log_protect"),
    Arm64VMIDSites.row(
      clearLog, "clear-log", "compareExchange", "dirty bitmap", "relaxed",
      "kvm_clear_dirty_log_protect"),
  ]
}
