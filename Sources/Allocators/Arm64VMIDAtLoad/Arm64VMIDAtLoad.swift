// The VMID allocator of KVM on arm64 where VHE loads stage 2 once: the id is decided at vcpu_load.
//
// Follows arch/arm64/kvm/arm.c and vhe/switch.c of Linux as of fa808ed4e199; vmid.c is as merged.

import Domain
import Machines

/// The merged allocator, asked when a vCPU is loaded and not before every entry.
///
/// What is decided at load goes into VTTBR_EL2 there and then, and stays until put. A rollover may
/// come at any time in between, and a sibling may renew the VM's id: that changes nothing, because
/// the slot has been filled first. The rollover finds the id there and keeps its number; whoever
/// renews the VM's id finds it reserved and keeps the number, too. So the number that the hardware
/// has stays the VM's, whatever generation it is of.
///
/// Beside it stands what else load does to a TLB: vCPUs of one VM share its number, and a guest may
/// use other translations on each of them, so a vCPU that follows another one of its VM on a pCPU
/// drops what that one has left there.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct Arm64VMIDAtLoad<M: Machine, Rules: Arm64VMIDAtLoadRules>: TagAllocator {
  public typealias VM = Arm64VMIDAtLoadVM<M>
  /// Its number among its VM's, + 1.
  public typealias VCPU = UInt64

  /// The ids.
  let ids: Arm64VMID<M, Rules>
  let parts: Fixed<Arm64VMIDAtLoadParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    ids = Arm64VMID(configuration, in: memory)
    let pcpus = configuration.pcpuCount
    parts = memory.fixed(
      Arm64VMIDAtLoadParts(
        pcpus: pcpus,
        registers: memory.cells(
          pcpus * Arm64VMIDAtLoadParts<M>.line, initially: 0, named: "VTTBR's id"),
        tookLock: memory.cells(
          pcpus * Arm64VMIDAtLoadParts<M>.line, initially: 0, named: "took the lock")))
  }

  public func makeVM(in memory: M.Memory) -> VM {
    VM(
      id: ids.makeVM(in: memory),
      lastRan: memory.cells(parts.value.pcpus, initially: 0, named: "last vCPU ran"))
  }

  public func makeVCPU(_ number: Int, of vm: VM, in memory: M.Memory) -> UInt64 {
    UInt64(number + 1)
  }

  /// kvm_init_stage2_mmu.
  public func createVM(_ vm: VM, on m: M) throws(AllocationError) {
    try ids.createVM(vm.id, on: m)
    for pcpu in 0..<vm.lastRan.count { m.write(vm.lastRan[pcpu], 0) }
  }

  public func destroyVM(_ vm: VM, on m: M) { ids.destroyVM(vm.id, on: m) }

  public func start(from state: InitialState, vms: [VM], on m: M) {
    ids.start(from: state, vms: vms.map(\.id), on: m)
  }

  // MARK: Loading

  @inline(__always)
  public func load(_ vcpu: UInt64, of vm: VM, on m: M) { Rules.load(vcpu, vm, self, on: m) }

  /// kvm_arm_vmid_update. Returns whether this pCPU has changed the VM's id.
  @inline(__always)
  @discardableResult
  func update(_ vm: VM, on m: M) -> Bool {
    guard let obstacle = Rules.tryFastPath(vm.id, ids, on: m) else {
      m.write(tookLock(on: m), 0)
      return false
    }
    m.write(tookLock(on: m), 1)
    return renewUnderLock(vm, because: obstacle, on: m)
  }

  @inline(never)
  private func renewUnderLock(
    _ vm: VM, because cause: Arm64VMID<M, Rules>.SlowPathCause, on m: M
  ) -> Bool {
    ids.renewUnderLock(vm.id, because: cause, on: m).isNew
  }

  /// __load_stage2: the VM's id goes into VTTBR_EL2.
  @inline(__always)
  func loadStage2(_ vm: VM, on m: M) {
    m.write(register(on: m), m.load(vm.id, .relaxed, at: Arm64VMIDSites.lateID))
  }

  /// __kvm_flush_cpu_context, which has the VM's id in VTTBR_EL2 meanwhile.
  @inline(__always)
  func dropOtherVCPUs(than vcpu: UInt64, _ vm: VM, on m: M) {
    guard ranLast(insteadOf: vcpu, vm, on: m) else { return }
    let id = m.load(vm.id, .relaxed, at: Arm64VMIDAtLoadSites.otherID)
    dropFromThisPCPU(ids.number(of: id), on: m)
  }

  /// Whether another vCPU of the VM, or none, ran last on this pCPU; from now on this one did.
  @inline(__always)
  func ranLast(insteadOf vcpu: UInt64, _ vm: VM, on m: M) -> Bool {
    if m.read(vm.lastRan[m.pcpu]) == vcpu { return false }
    m.write(vm.lastRan[m.pcpu], vcpu)
    return true
  }

  @inline(__always)
  func dropFromThisPCPU(_ tag: Tag, on m: M) {
    m.invalidate(.tag(tag), on: .thisPCPU, at: Arm64VMIDAtLoadSites.dropOther)
    m.waitForInvalidations(at: Arm64VMIDAtLoadSites.dropOtherWait)
  }

  // MARK: Entering and leaving

  /// Nothing is decided here: what the hardware gets was decided at load.
  @inline(__always)
  public func prepareEntry(_ vcpu: UInt64, of vm: VM, on m: M) -> Entry {
    Rules.prepareEntry(vm, self, on: m)
    let tookLock = m.read(tookLock(on: m)) != 0
    // The entries that follow in this slice ask nobody.
    if tookLock { m.write(self.tookLock(on: m), 0) }
    return Entry(tag: .undecided, tookFastPath: !tookLock)
  }

  /// What VTTBR_EL2 holds.
  @inline(__always)
  public func lateID(of vcpu: UInt64, of vm: VM, on m: M) -> TagID {
    let id = m.read(register(on: m))
    return TagID(tag: ids.number(of: id), generation: id &>> ids.tagBits)
  }

  @inline(__always)
  public func put(_ vcpu: UInt64, of vm: VM, on m: M) { ids.put((), of: vm.id, on: m) }

  public func flush(page: UInt64, of vm: VM, on m: M) {
    ids.flush(page: page, of: vm.id, on: m)
  }

  // MARK: This pCPU's own

  @inline(__always)
  func register(on m: M) -> M.Cell {
    parts.value.registers[m.pcpu.index &* Arm64VMIDAtLoadParts<M>.line]
  }

  @inline(__always)
  private func tookLock(on m: M) -> M.Cell {
    parts.value.tookLock[m.pcpu.index &* Arm64VMIDAtLoadParts<M>.line]
  }

  public static var traits: AllocatorTraits {
    let merged = Arm64VMID<M, Rules>.traits
    return AllocatorTraits(
      tagScope: .machine, oracles: merged.oracles.union([.o12]), idWords: merged.idWords,
      leastTags: merged.leastTags)
  }

  public static var sites: [SiteDescription] {
    Arm64VMIDSites.table + Arm64VMIDAtLoadSites.table + Rules.moreSites
  }
}

/// What is kept per VM.
public struct Arm64VMIDAtLoadVM<M: Machine>: Sendable {
  /// Its id.
  let id: M.Word
  /// Per pCPU the vCPU that ran there last; 0 for none. Belongs to that pCPU while the VM lives.
  let lastRan: Bank<M.Cell>
}

/// The parts of the allocator. Handles and numbers; they never change.
struct Arm64VMIDAtLoadParts<M: Machine>: Sendable {
  /// Cells from one pCPU's to the next one's: each has lines of its own.
  static var line: Int { 16 }

  let pcpus: Int
  /// What VTTBR_EL2 of each pCPU holds: an id of which the hardware takes the number. Its pCPU's own.
  let registers: Bank<M.Cell>
  /// Whether the last decision on each pCPU needed the lock: for counts only. Its pCPU's own.
  let tookLock: Bank<M.Cell>
}
