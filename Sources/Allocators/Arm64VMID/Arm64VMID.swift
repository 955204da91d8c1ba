// The VMID allocator of KVM on arm64, as merged (v4 of the series): fast path, slow path, leaving.
//
// Follows arch/arm64/kvm/vmid.c of Linux as of 100b4f092f87; a line that departs from it says why.
// The kernel's names stand in the site table (`Arm64VMIDSites`).

import Domain
import Machines

/// The allocator. An id is generation << tagBits | number.
///
/// A VM keeps its id until the numbers run out. Then a rollover starts a new generation: it notes
/// the numbers that are active on some pCPU, forgets all others, and flushes every TLB. What makes
/// the fast path safe without a lock is that it publishes a VM's id in this pCPU's active slot by
/// one compare-exchange on a word that the rollover empties by an exchange: either the exchange
/// sees the id and keeps the number, or the compare-exchange sees the 0 and goes to the lock.
///
/// `Rules` are the steps that a fault may replace; those of `Arm64VMIDAsMerged` are all right ones.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct Arm64VMID<M: Machine, Rules: Arm64VMIDRules>: TagAllocator {
  /// A VM's id: 0 if it never had one. Written under the lock, read anywhere.
  public typealias VM = M.Word
  public typealias VCPU = Void

  let parts: Fixed<Arm64VMIDParts<M>>

  /// The first generation, and what one generation adds to an id.
  var firstGeneration: UInt64 { 1 &<< tagBits }
  /// ACTIVE_INVALID: number 0 of the first generation, which no VM ever has. Not 0, so that the
  /// next entry may take the fast path; reserves nothing when a rollover finds it.
  var leftMarker: UInt64 { firstGeneration }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let numberLimit = Rules.numberLimit(usable: configuration.usableTags)
    let pcpus = configuration.pcpuCount
    let tagBits = UInt64(configuration.tagBits)
    parts = memory.fixed(
      Arm64VMIDParts(
        tagBits: tagBits, numberLimit: numberLimit,
        generation: memory.word(
          initially: Rules.bootGeneration(tagBits: tagBits), named: "generation"),
        lock: memory.lock(named: "lock"),
        numbersInUse: memory.cells(
          (numberLimit + 63) / 64, initially: 0, named: "numbers in use"),
        nextNumber: memory.cell(initially: UInt64(Rules.firstNumber), named: "next number"),
        active: memory.words(pcpus, initially: 0, configuration.perPCPUWords, named: "active"),
        reserved: memory.cells(pcpus, initially: 0, named: "reserved"),
        flushPending: memory.words(
          Rules.pendingWordCount(pcpus: pcpus), initially: 0, configuration.perPCPUWords,
          named: "flush pending"),
        noted: memory.cells(
          Rules.notedCellCount(pcpus: pcpus), initially: 0, named: "noted")))
  }

  public func makeVM(in memory: M.Memory) -> M.Word { memory.word(initially: 0, named: "id") }
  public func makeVCPU(_ number: Int, of vm: M.Word, in memory: M.Memory) {}

  public func createVM(_ vm: M.Word, on m: M) throws(AllocationError) {
    m.store(vm, 0, .relaxed, at: Arm64VMIDSites.createID)
  }

  /// Nothing: the number stays taken until the next rollover forgets it.
  public func destroyVM(_ vm: M.Word, on m: M) {}

  // MARK: Entering

  /// kvm_arm_vmid_update.
  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: M.Word, on m: M) -> Entry {
    let (id, obstacle) = tryFastPath(vm, on: m)
    if let obstacle { return enterUnderLock(vm, because: obstacle, on: m) }
    return Entry(tag: number(of: id), tookFastPath: true)
  }

  /// The fast path. No ordering stronger than relaxed: all that matters happens in the modification
  /// order of the active slot (see the type). Returns the id, and what stands in the way.
  @inline(__always)
  func tryFastPath(_ vm: M.Word, on m: M) -> (id: UInt64, obstacle: SlowPathCause?) {
    let id = m.load(vm, .relaxed, at: Arm64VMIDSites.fastID)
    let seen = m.load(active[m.pcpu], .relaxed, at: Arm64VMIDSites.fastActive)
    if !Rules.slotIsLive(seen) { return (id, .slotWasEmptied) }
    let current = m.load(generation, .relaxed, at: Arm64VMIDSites.fastGeneration)
    if !isOfGeneration(id, current) { return (id, .idIsOld) }
    if !Rules.claim(active[m.pcpu], seen: seen, id: id, on: m) { return (id, .claimLost) }
    return (id, nil)
  }

  /// The id is read again, as the world switch does when it composes VTTBR_EL2.
  @inline(__always)
  public func lateID(of vcpu: Void, of vm: M.Word, on m: M) -> TagID {
    let id = m.load(vm, .relaxed, at: Arm64VMIDSites.lateID)
    return TagID(tag: number(of: id), generation: id &>> tagBits)
  }

  /// Why an entry takes the lock.
  public enum SlowPathCause: Sendable { case slotWasEmptied, idIsOld, claimLost }

  /// The slow path of kvm_arm_vmid_update.
  @inline(never)
  func enterUnderLock(_ vm: M.Word, because cause: SlowPathCause, on m: M) -> Entry {
    Entry(tag: number(of: renewUnderLock(vm, because: cause, on: m).id), tookFastPath: false)
  }

  /// The same: the VM's id, and whether it is another one than before.
  @inline(__always)
  func renewUnderLock(
    _ vm: M.Word, because cause: SlowPathCause, on m: M
  ) -> (id: UInt64, isNew: Bool) {
    switch cause {
    case .slotWasEmptied: m.note(.entryWithEmptiedSlot)
    case .claimLost: m.note(.claimLost)
    case .idIsOld: break
    }
    let interrupts = m.maskInterrupts()
    Rules.takeLock(lock, on: m)
    // Another vCPU of this VM may have come first.
    var id = m.load(vm, .relaxed, at: Arm64VMIDSites.slowID)
    let isOld = !Rules.isCurrentUnderLock(id, self, on: m)
    if isOld { id = newIDLocked(vm, on: m) }
    Rules.publishAndUnlock(id, self, on: m)
    m.restoreInterrupts(interrupts)
    return (id, isOld)
  }

  // MARK: Leaving

  @inline(__always)
  public func put(_ vcpu: Void, of vm: M.Word, on m: M) { Rules.leave(self, on: m) }

  /// __kvm_tlb_flush_vmid_ipa: the id is read after the caller's barrier (5e10f9887ed8).
  public func flush(page: UInt64, of vm: M.Word, on m: M) {
    let id = m.load(vm, .relaxed, at: Arm64VMIDSites.flushID)
    m.invalidate(
      .page(number(of: id), page: page), on: .everyPCPU, at: Arm64VMIDSites.flushPage)
    m.waitForInvalidations(at: Arm64VMIDSites.flushPageWait)
  }

  // MARK: Ids

  @inline(__always)
  func number(of id: UInt64) -> Tag { Tag(id & (firstGeneration &- 1)) }

  @inline(__always)
  func isOfGeneration(_ id: UInt64, _ generation: UInt64) -> Bool {
    Rules.isOfGeneration(id, generation, tagBits: tagBits)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension Arm64VMID {
  /// Number 0 is nobody's, and a running VM of each pCPU must fit beside the one that rolls over.
  /// The kernel warns at one number fewer (NUM_USER_VMIDS - 1 <= nr_cpus).
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: Rules.oracles, idWords: ["id", "active", "generation"],
      leastTags: { pcpus, _ in pcpus + 1 })
  }

  public static var sites: [SiteDescription] { Arm64VMIDSites.table + Rules.moreSites }

  public func start(from state: InitialState, vms: [M.Word], on m: M) {
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.store(vm, firstGeneration | number, .relaxed, at: Arm64VMIDSites.createID)
      markInUse(Int(number), on: m)
    }
    if state.full { for number in 1..<numberLimit { markInUse(number, on: m) } }
    // A pCPU that has run nothing yet has nothing to lose: it starts as one that has left.
    for pcpu in 0..<active.count {
      m.store(
        active[pcpu], Rules.idleSlot(marker: leftMarker), .relaxed,
        at: Arm64VMIDSites.leaveActive)
    }
  }
}

/// The parts of the allocator. Handles and numbers; they never change.
struct Arm64VMIDParts<M: Machine>: Sendable {
  let tagBits: UInt64
  /// One past the highest number that may be handed out.
  let numberLimit: Int

  /// The current generation, shifted. Written under the lock, read without.
  let generation: M.Word
  /// Guards `numbersInUse`, `nextNumber`, `reserved`; held with interrupts off.
  let lock: Lock<M.Word>
  /// One bit a number. Guarded by `lock`. Number 0 is never looked for; its bit is set by the first
  /// rollover only, as in the kernel.
  let numbersInUse: Bank<M.Cell>
  /// Where the next search starts. Guarded by `lock`.
  let nextNumber: M.Cell
  /// What each pCPU runs or ran last: an id, `leftMarker`, or 0 once a rollover has taken it. Its
  /// pCPU writes anything but 0; a rollover, on any pCPU, exchanges it with 0.
  let active: Bank<M.Word>
  /// The ids that rollovers took from `active`. Guarded by `lock`.
  let reserved: Bank<M.Cell>
  /// Per pCPU whether it must flush its own TLB before it enters a guest again; empty in versions
  /// whose rollover flushes all TLBs itself.
  let flushPending: Bank<M.Word>
  /// The ids that the last rollover found in `active` and kept; empty in versions that take them out
  /// of `active` instead. Guarded by `lock`.
  let noted: Bank<M.Cell>
}

extension Arm64VMID {
  var tagBits: UInt64 { parts.value.tagBits }
  var numberLimit: Int { parts.value.numberLimit }
  var generation: M.Word { parts.value.generation }
  var lock: Lock<M.Word> { parts.value.lock }
  var numbersInUse: Bank<M.Cell> { parts.value.numbersInUse }
  var nextNumber: M.Cell { parts.value.nextNumber }
  var active: Bank<M.Word> { parts.value.active }
  var reserved: Bank<M.Cell> { parts.value.reserved }
  var flushPending: Bank<M.Word> { parts.value.flushPending }
  var noted: Bank<M.Cell> { parts.value.noted }
}
