// The ASID allocator of arm64 and its relatives: what happens when a pCPU switches from one process
// to the next. A VM of the world is a process here (an mm), a vCPU one of its threads.
//
// Follows arch/arm64/mm/context.c of Linux as of 0291023e7330. Its scheme came from 32-bit ARM
// (arch/arm/mm/context.c) and went on to RISC-V (arch/riscv/mm/context.c) and to KVM's VMIDs
// (arch/arm64/kvm/vmid.c); where those differ, their `Rules` say so.

import Domain
import Machines

/// The allocator. An id is generation << tagBits | number.
///
/// As with KVM's VMIDs, a process keeps its id until the numbers run out, and the fast path of a
/// switch publishes it by one compare-exchange on a word that a rollover empties by an exchange.
/// Two things differ. A process that is switched out leaves its id in the active slot: only the next
/// one replaces it, so a slot that a rollover has emptied stays empty until its pCPU takes the lock.
/// That is why a rollover need not flush other pCPUs' TLBs: it marks them, and each flushes its own
/// under the lock, before anybody runs there with a number of the new generation.
///
/// `Rules` are the steps in which versions and faults differ; their defaults are those of arm64.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct ArmASID<M: Machine, Rules: ArmASIDRules>: TagAllocator {
  public typealias VM = ArmASIDContext<M>
  public typealias VCPU = Void

  let parts: Fixed<ArmASIDParts<M>>

  /// The first generation, and what one generation adds to an id. Also number 0 of that generation,
  /// which nobody ever has: relatives that mark who has left put it into their slots.
  var firstGeneration: UInt64 { 1 &<< tagBits }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let numberLimit = configuration.usableTags + 1
    let pcpus = configuration.pcpuCount
    let bitmapCells = (numberLimit + 63) / 64
    parts = memory.fixed(
      ArmASIDParts(
        tagBits: UInt64(configuration.tagBits), numberLimit: numberLimit,
        mostPinned: Rules.mostPinned(numbers: numberLimit, pcpus: pcpus),
        generation: memory.word(initially: 1 << configuration.tagBits, named: "generation"),
        lock: memory.lock(named: "lock"),
        numbersInUse: memory.cells(bitmapCells, initially: 0, named: "numbers in use"),
        nextNumber: memory.cell(initially: 1, named: "next number"),
        active: memory.words(pcpus, initially: 0, configuration.perPCPUWords, named: "active"),
        reserved: memory.cells(pcpus, initially: 0, named: "reserved"),
        mustFlush: memory.cells(pcpus, initially: 0, named: "must flush"),
        pinned: memory.cells(bitmapCells, initially: 0, named: "pinned numbers"),
        pinnedCount: memory.cell(initially: 0, named: "pinned count"),
        decided: memory.cells(pcpus, initially: 0, named: "decided"),
        howDecided: memory.cells(pcpus, initially: 0, named: "how decided")))
  }

  public func makeVM(in memory: M.Memory) -> ArmASIDContext<M> {
    ArmASIDContext(
      id: memory.word(initially: 0, named: "id"), pins: memory.cell(initially: 0, named: "pins"))
  }

  public func makeVCPU(_ number: Int, of vm: ArmASIDContext<M>, in memory: M.Memory) {}

  /// init_new_context.
  public func createVM(_ vm: ArmASIDContext<M>, on m: M) throws(AllocationError) {
    m.store(vm.id, 0, .relaxed, at: ArmASIDSites.createID)
    m.write(vm.pins, 0)
  }

  /// Nothing: the number stays taken until the next rollover forgets it.
  public func destroyVM(_ vm: ArmASIDContext<M>, on m: M) {}

  // MARK: Switching

  /// check_and_switch_context, up to the write of the hardware's registers: a switch decides once,
  /// however often the process then leaves for the kernel and comes back.
  @inline(__always)
  public func load(_ vcpu: Void, of vm: ArmASIDContext<M>, on m: M) {
    if Rules.decidesAtSwitch { decide(vm, on: m) }
  }

  /// What `load` decided; relatives that decide at each entry do it now. If the lock was taken, that
  /// is said once: later entries of the slice decide nothing.
  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: ArmASIDContext<M>, on m: M) -> Entry {
    if !Rules.decidesAtSwitch { decide(vm, on: m) }
    let how = HowDecided(bits: m.read(howDecided[m.pcpu]))
    if !how.tookFastPath {
      let next = HowDecided(tookFastPath: true, mustFlushAfterwards: how.mustFlushAfterwards)
      m.write(howDecided[m.pcpu], next.bits)
    }
    // A switch decides long before the entry; what it published is not looked at again.
    let tag = Rules.decidesAtSwitch ? Tag.undecided : number(of: m.read(decided[m.pcpu]))
    return Entry(
      tag: tag, tookFastPath: how.tookFastPath,
      flush: how.mustFlushAfterwards ? .everythingOnceInstalled : .nothing)
  }

  /// cpu_switch_mm: the id goes into the registers.
  @inline(__always)
  public func lateID(of vcpu: Void, of vm: ArmASIDContext<M>, on m: M) -> TagID {
    let id = Rules.idToInstall(vm, self, on: m)
    return TagID(tag: number(of: id), generation: id &>> tagBits)
  }

  /// A flush that went with the entry is done. One whose entry was aborted is not: it goes with the
  /// next.
  @inline(__always)
  public func exited(_ vcpu: Void, of vm: ArmASIDContext<M>, on m: M) {
    guard Rules.flushesAfterSwitch else { return }
    var how = HowDecided(bits: m.read(howDecided[m.pcpu]))
    guard how.mustFlushAfterwards else { return }
    how.mustFlushAfterwards = false
    m.write(howDecided[m.pcpu], how.bits)
  }

  /// Nothing but for relatives that say so: a process that is switched out stays active until the
  /// next one takes its place.
  @inline(__always)
  public func put(_ vcpu: Void, of vm: ArmASIDContext<M>, on m: M) {
    Rules.leave(self, on: m)
  }

  /// The fast path. Nothing is ordered stronger than relaxed on arm64: all that matters happens in
  /// the modification order of the active slot (see the type).
  @inline(__always)
  func decide(_ vm: ArmASIDContext<M>, on m: M) {
    let id = m.load(vm.id, .relaxed, at: ArmASIDSites.fastID)
    if !Rules.claim(id, self, on: m) { return decideUnderLock(vm, on: m) }
    note(id, HowDecided(tookFastPath: true, mustFlushAfterwards: false), on: m)
  }

  /// The slow path.
  @inline(never)
  func decideUnderLock(_ vm: ArmASIDContext<M>, on m: M) {
    if m.observe(active[m.pcpu]) == 0 { m.note(.entryWithEmptiedSlot) }
    let interrupts = m.maskInterrupts()
    m.acquire(lock, at: ArmASIDSites.slowLock)
    // Another thread of this process may have come first.
    var id = m.load(vm.id, .relaxed, at: ArmASIDSites.slowID)
    if !isCurrent(id, at: ArmASIDSites.slowGeneration, on: m) {
      id = renewLocked(vm, on: m)
    }
    let mustFlush = m.read(mustFlush[m.pcpu]) != 0
    if mustFlush { m.write(self.mustFlush[m.pcpu], 0) }
    if mustFlush && !Rules.flushesAfterSwitch { flushOwnTLB(on: m) }
    m.store(active[m.pcpu], id, .relaxed, at: ArmASIDSites.slowActive)
    m.release(lock, at: ArmASIDSites.slowUnlock)
    note(
      id,
      HowDecided(
        tookFastPath: false, mustFlushAfterwards: mustFlush && Rules.flushesAfterSwitch), on: m)
    m.restoreInterrupts(interrupts)
  }

  @inline(__always)
  private func note(_ id: UInt64, _ how: HowDecided, on m: M) {
    m.write(decided[m.pcpu], id)
    m.write(howDecided[m.pcpu], how.bits)
  }

  /// local_flush_tlb_all. Before the slot is set and before the registers are: nobody may run here
  /// with a number of the new generation while translations of the old one are left.
  private func flushOwnTLB(on m: M) {
    m.invalidate(.everything, on: .thisPCPU, at: ArmASIDSites.slowFlush)
    m.waitForInvalidations(at: ArmASIDSites.slowFlushWait)
  }

  /// flush_tlb_page: the id is read after the caller's barrier (5e10f9887ed8). An old one does no
  /// harm: the process's new number is clean in every TLB.
  public func flush(page: UInt64, of vm: ArmASIDContext<M>, on m: M) {
    let id = m.load(vm.id, .relaxed, at: ArmASIDSites.flushID)
    m.invalidate(.page(number(of: id), page: page), on: .everyPCPU, at: ArmASIDSites.flushPage)
    m.waitForInvalidations(at: ArmASIDSites.flushPageWait)
  }

  // MARK: Ids

  @inline(__always)
  func number(of id: UInt64) -> Tag { Tag(id & (firstGeneration &- 1)) }

  /// asid_gen_match: whether the id is of the current generation.
  @inline(__always)
  func isCurrent(_ id: UInt64, at site: Site, on m: M) -> Bool {
    (id ^ m.load(generation, .relaxed, at: site)) &>> tagBits == 0
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ArmASID {
  public static var traits: AllocatorTraits { Rules.traits }
  public static var contextLife: ContextLife { Rules.contextLife }
  public static var sites: [SiteDescription] { ArmASIDSites.table }

  /// Slots stay empty: a pCPU that has run nothing yet takes the lock first.
  public func start(from state: InitialState, vms: [ArmASIDContext<M>], on m: M) {
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.store(vm.id, firstGeneration | number, .relaxed, at: ArmASIDSites.createID)
      mark(Int(number), in: numbersInUse, on: m)
    }
    if state.full { for number in 1..<numberLimit { mark(number, in: numbersInUse, on: m) } }
    Rules.start(self, on: m)
  }
}

/// How a pCPU's last decision was made.
struct HowDecided: Equatable {
  var tookFastPath: Bool
  /// The pCPU's own TLB is to be flushed, after the registers have been written.
  var mustFlushAfterwards: Bool

  @inline(__always)
  init(tookFastPath: Bool, mustFlushAfterwards: Bool) {
    self.tookFastPath = tookFastPath
    self.mustFlushAfterwards = mustFlushAfterwards
  }

  @inline(__always)
  init(bits: UInt64) {
    tookFastPath = bits & 1 != 0
    mustFlushAfterwards = bits & 2 != 0
  }

  @inline(__always)
  var bits: UInt64 { (tookFastPath ? 1 : 0) | (mustFlushAfterwards ? 2 : 0) }
}
