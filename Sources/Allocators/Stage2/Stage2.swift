// KVM's stage-2 page tables on arm64, and how their changes reach the TLBs, on top of the merged VMID
// allocator.
//
// Follows arch/arm64/kvm/hyp/pgtable.c, mmu.c and hyp/vhe/tlb.c of Linux with the series "KVM: arm64:
// Add support for FEAT_TLBIRANGE" (v7, July 2023) and its fixes; a line that departs from it says why.
// The kernel's names stand in the site table (`Stage2Sites`).

import Domain
import Machines
import RangeInvalidation

/// Stage-2 tables of many VMs under their VMIDs.
///
/// Who holds a VM's lock as a reader may turn an entry into another one only by compare-exchange, and
/// only an entry that no one has locked; so vCPUs map side by side. Who replaces a valid entry by another
/// valid one breaks it first: the entry is locked, which maps nothing, TLBs are flushed, and only then
/// the new one is made. Who holds the lock as a writer is alone with the tables, but for the hardware,
/// which walks them at any time.
///
/// A table that a fault takes out is freed when the lock is next held by a writer: readers may still
/// look into it (the kernel waits for a grace period of RCU).
///
/// `Rules` are the steps that a fault may replace; those of `Stage2AsMerged` are all right ones.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct Stage2<M: Machine, Rules: Stage2Rules>: TagAllocator {
  public typealias VM = Stage2VM<M>
  public typealias VCPU = Void

  let ids: Arm64VMID<M, Arm64VMIDAsMerged>
  let parts: Fixed<Stage2Parts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    ids = Arm64VMID(configuration, in: memory)
    let plan = configuration.tables ?? TablePlan.smallest
    parts = memory.fixed(
      Stage2Parts(
        plan: plan, features: plan.features,
        pool: TablePool(
          plan.tables, tableSize: 1 << plan.shape.bits, in: memory),
        memory: NumberPool(
          plan.memoryBlocks,
          .init(
            lock: "memory", free: "free block", count: "free blocks",
            owner: "owner of a block",
            sites: (Stage2Sites.memoryLock, Stage2Sites.memoryUnlock)), in: memory)))
  }

  public func makeVM(in memory: M.Memory) -> VM { makeVM(at: VMSlot(0), in: memory) }

  public func makeVM(at slot: VMSlot, in memory: M.Memory) -> VM {
    VM(
      id: ids.makeVM(in: memory), slot: slot,
      root: memory.words(
        shape.entryCount(shape.firstLevel), initially: 0, .packed, named: "root table"),
      lock: memory.lock(named: "mmu lock"),
      changes: memory.word(initially: 1, named: "changes of tables"),
      logging: memory.words(plan.memslots, initially: 0, .packed, named: "dirty logging"),
      dirty: memory.words(
        (plan.touchedPages + 63) / 64, initially: 0, .packed, named: "dirty bitmap"),
      memory: memory.words(
        plan.memoryBlocks == 0 ? 0 : Int(shape.pageCount / pagesOfBlock), initially: 0, .packed,
        named: "memory block"),
      unlinkedLock: memory.lock(named: "unlinked lock"),
      unlinked: memory.cells(plan.unlinkedTables, initially: 0, named: "unlinked table"),
      unlinkedCount: memory.cell(initially: 0, named: "unlinked tables"))
  }

  public func makeVCPU(_ number: Int, of vm: VM, in memory: M.Memory) {}

  /// What the hardware needs to walk the VM's tables.
  public func tables(of vm: VM) -> Stage2Root<M.Word>? {
    Stage2Root(table: vm.root, pages: pool.entries)
  }

  // MARK: VMs

  /// kvm_init_stage2_mmu.
  public func createVM(_ vm: VM, on m: M) throws(AllocationError) {
    try ids.createVM(vm.id, on: m)
    for memslot in 0..<vm.logging.count {
      m.store(vm.logging[memslot], 0, .relaxed, at: Stage2Sites.stopLogging)
      if plan.initially == .pages { startLogging(memslot, vm, on: m) }
    }
    if plan.initially != .nothing { mapAll(vm, on: m) }
  }

  /// kvm_free_stage2_pgd. Nothing is invalidated: the number stays taken until the next rollover, which
  /// flushes all, and no pCPU walks under it any more.
  public func destroyVM(_ vm: VM, on m: M) {
    freeUnlinkedLocked(vm, on: m)
    freeBelow(vm.root, shape.firstLevel, vm, on: m)
    giveMemoryBack(0, shape.pageCount, vm, on: m)
    ids.destroyVM(vm.id, on: m)
  }

  private func freeBelow(_ table: Bank<M.Word>, _ level: Int, _ vm: VM, on m: M) {
    for index in 0..<table.count {
      let entry = Stage2Entry(bits: m.load(table[index], .relaxed, at: Stage2Sites.freeEntry))
      if entry.isTable {
        freeBelow(pool.table(entry.number), level + 1, vm, on: m)
        pool.give(entry.number, of: vm.slot, on: m)
      }
      if entry != .empty { m.store(table[index], 0, .relaxed, at: Stage2Sites.clearEntry) }
    }
  }

  private func mapAll(_ vm: VM, on m: M) {
    var page: UInt64 = 0
    for _ in 0..<plan.touchedPages {
      serveFault(page, writes: true, of: vm, on: m)
      page &+= shape.stride
    }
  }

  public func start(from state: InitialState, vms: [VM], on m: M) {
    ids.start(from: state, vms: vms.map(\.id), on: m)
  }

  public func prepare(on m: M) {
    pool.numbers.fill(on: m)
    memory.fill(on: m)
  }

  public func change(_ change: TableChange, of vm: VM, on m: M) {
    switch change {
    case .unmap(let first, let pages): unmap(first, pages: pages, of: vm, on: m)
    case .protect(let first, let pages): protect(first, pages: pages, of: vm, on: m)
    case .stopLogging(let page): stopLogging(page, of: vm, on: m)
    case .collapse(let page):
      stopLogging(page, of: vm, on: m)
      serveFault(page, writes: false, of: vm, on: m)
    case .split(let page): split(page, of: vm, on: m)
    }
  }

  // MARK: The VMID

  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: VM, on m: M) -> Entry {
    ids.prepareEntry(vcpu, of: vm.id, on: m)
  }

  @inline(__always)
  public func lateID(of vcpu: Void, of vm: VM, on m: M) -> TagID {
    ids.lateID(of: vcpu, of: vm.id, on: m)
  }

  @inline(__always)
  public func put(_ vcpu: Void, of vm: VM, on m: M) { ids.put(vcpu, of: vm.id, on: m) }

  /// Nobody asks: tables with levels are changed by `change`.
  public func flush(page: UInt64, of vm: VM, on m: M) {}

  public static var keepsTables: Bool { true }

  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: OracleID.common.union([.o10, .o14]),
      idWords: ["id", "active", "generation"], leastTags: { pcpus, _ in pcpus + 1 })
  }

  public static var sites: [SiteDescription] { Arm64VMIDSites.table + Stage2Sites.table }
}

/// What all VMs share.
struct Stage2Parts<M: Machine>: Sendable {
  let plan: TablePlan
  let features: RangeFeatures
  let pool: TablePool<M>
  /// Blocks of memory that nobody has.
  let memory: NumberPool<M>
}

extension Stage2 {
  var plan: TablePlan { parts.value.plan }
  var shape: TableShape { parts.value.plan.shape }
  var features: RangeFeatures { parts.value.features }
  var pool: TablePool<M> { parts.value.pool }
  var memory: NumberPool<M> { parts.value.memory }
}

/// A VM: its id and its tables.
public struct Stage2VM<M: Machine>: Sendable {
  /// As `Arm64VMID` keeps it.
  let id: M.Word
  let slot: VMSlot
  /// The root table, which is never freed.
  let root: Bank<M.Word>
  /// kvm->mmu_lock: faults share it.
  let lock: Lock<M.Word>
  /// Counts changes that give: each new or wider entry carries the number of its own.
  let changes: M.Word
  /// Per memory slot whether writes are logged: then faults map pages and not blocks.
  let logging: Bank<M.Word>
  /// The memory slots' logs, one after the other: a bit for each page that guests touch, set if one has
  /// written it since it was last taken out.
  let dirty: Bank<M.Word>
  /// Per block of the address space the block of memory behind it, + 1; 0 for none. Changed by
  /// compare-exchange by whoever shares the lock.
  let memory: Bank<M.Word>
  /// Guards `unlinked` and `unlinkedCount` against other readers of `lock`.
  let unlinkedLock: Lock<M.Word>
  /// Tables that faults took out: number << 2 | level of the entry that named it.
  let unlinked: Bank<M.Cell>
  let unlinkedCount: M.Cell
}
