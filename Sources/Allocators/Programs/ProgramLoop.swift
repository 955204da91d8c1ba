// The life of a controlled pCPU: the steps of a fixed program, each as KVM's run loop does it. The
// same calls in the same order as `GuestLoop`; who runs next is fixed, and the oracles are the
// engine's.

import Domain
import Machines

/// What one pCPU of a controlled run needs. Copied onto its stack; nothing to release, because an
/// execution may be given up at any operation.
struct ProgramLoop<A: TagAllocator>: Sendable where A.M == ControlledMachine {
  let world: World<A>
  let m: ControlledMachine
  /// Whether any pCPU's program pins.
  let hasDevices: Bool
  /// Per slot, where creating a VM may fail: whether there is none. Who has the claims of all of a
  /// place's vCPUs writes it, who has one may read it.
  let vacant: Bank<ControlledCell>

  /// Runs the program.
  @inline(__always)
  func run(_ steps: UnsafeBufferPointer<ProgramStep>) {
    for index in steps.indices {
      m.beginStep(index)
      switch steps[index] {
      case .run(let vcpu, let entries, let abortsFirst, let claims):
        runSlice(vcpu, entries, abortsFirst, claims)
      case .unmap(let vm, let page): unmap(world.vms + vm, page)
      case .change(let vm, let change):
        if A.keepsTables { world.allocator.change(change, of: world.vms[vm].state, on: m) }
      case .end(let vm): end(world.vms + vm)
      case .offline: m.setOnline(false, at: WorldSite.hotplug)
      case .online: m.setOnline(true, at: WorldSite.hotplug)
      case .pin(let vm): pin(world.vms + vm)
      case .unpin(let vm): _ = unpin(world.vms + vm)
      case .nest(let vcpu, let actions, let claims):
        if A.nests { runHypervisor(vcpu, actions, claims) }
      }
    }
  }

  /// A slice: load, enter once or more, put.
  @inline(__always)
  private func runSlice(_ index: Int, _ entries: Int, _ abortsFirst: Bool, _ claims: Bool) {
    guard let owner = beginSlice(index, claims) else { return }
    if A.nests && world.nests { goOn(index, owner) }
    var left = entries
    var isInterrupted = abortsFirst
    while left > 0 {
      if enter(index, owner, isInterrupted) {
        if A.keepsTables { accessTables(world.vms + world.vcpus[index].vm) } else { access() }
        leave(index, isLast: left == 1)
        left &-= 1
      }
      isInterrupted = false
    }
    endSlice(index, claims)
  }

  /// Loads a vCPU. Returns who its VM is; nil if there is none, and there can be none now.
  @inline(__always)
  func beginSlice(_ index: Int, _ claims: Bool) -> VMIdentity? {
    let vcpu = world.vcpus + index
    let vm = world.vms + vcpu.pointee.vm
    if let lock = m.runLock { m.acquire(lock, at: WorldSite.contextSwitch) }
    // Acquire: pairs with the release below, or with the one of the VM's creation.
    if A.creationMayFail {
      if !claimInhabited(vcpu, vm) {
        if let lock = m.runLock { m.release(lock, at: WorldSite.contextSwitch) }
        return nil
      }
    } else if claims {
      m.acquire(Lock(vcpu.pointee.claim), at: WorldSite.claim)
    }
    let owner = VMIdentity(truncatingIfNeeded: m.observe(vm.pointee.identity))
    m.note(.slices)
    if A.contextLife == .untilSwitch { m.clearContext(at: WorldSite.exit) }
    world.allocator.load(vcpu.pointee.state, of: vm.pointee.state, on: m)
    return owner
  }

  /// Puts it.
  @inline(__always)
  func endSlice(_ index: Int, _ claims: Bool) {
    let vcpu = world.vcpus + index
    let vm = world.vms + vcpu.pointee.vm
    if !world.knobs.directSwitch {
      world.allocator.put(vcpu.pointee.state, of: vm.pointee.state, on: m)
    }
    if world.knobs.putBeforeContextDead { m.clearContext(at: WorldSite.exit) }
    if world.knobs.contextSwitchBarrier { m.fence(.contextSwitch, at: WorldSite.contextSwitch) }
    if claims || A.creationMayFail {
      m.release(Lock(vcpu.pointee.claim), at: WorldSite.handOver)
    }
    if let lock = m.runLock { m.release(lock, at: WorldSite.contextSwitch) }
  }

  /// Enters the guest, or `inner` of it, with interrupts and preemption off from here to `leave`. False
  /// if the entry was aborted at the last look, because the allocator says so or because an interrupt
  /// is pending: then both are on again.
  @inline(__always)
  func enter(
    _ index: Int, _ owner: VMIdentity, _ isInterrupted: Bool = false, inner: Int = Inner.l1
  ) -> Bool {
    let vcpu = world.vcpus + index
    let vm = world.vms + vcpu.pointee.vm
    let allocator = world.allocator
    m.disablePreemption()
    let entry = allocator.prepareEntry(vcpu.pointee.state, of: vm.pointee.state, on: m)
    m.note(entry.tookFastPath ? .fastPathEntries : .slowPathEntries)
    // The run loop looks at the vCPU's requests, interrupts on: a call may come after all that was
    // prepared and before they are off. Masking is no step, so there would be no room for it.
    if A.makesCalls { _ = m.load(vcpu.pointee.need, .relaxed, at: WorldSite.requests) }
    let interrupts = m.maskInterrupts()
    if isInterrupted || !allocator.mayEnter(vcpu.pointee.state, of: vm.pointee.state, on: m) {
      m.note(.abortedEntries)
      allocator.entryAborted(vcpu.pointee.state, of: vm.pointee.state, on: m)
      m.restoreInterrupts(interrupts)
      m.enablePreemption()
      return false
    }
    let late = allocator.lateID(of: vcpu.pointee.state, of: vm.pointee.state, on: m)
    flushAtEntry(entry.flush, late.tag)
    m.install(
      GuestContext(
        table: vm.pointee.table, tag: late.tag, slot: vm.pointee.slot, owner: owner,
        vcpu: UInt32(truncatingIfNeeded: vcpu.pointee.number),
        isStale: entry.flush == .everythingOnceInstalled,
        inner: world.innerContext(vm.pointee.slot, inner),
        tablePages: A.keepsTables ? vm.pointee.tablePages : nil),
      at: WorldSite.install)
    if entry.flush == .everythingOnceInstalled {
      m.invalidate(.everything, on: .thisPCPU, at: WorldSite.install)
    }
    if A.encrypts { m.touchMemory(under: late.tag) }
    m.judgeEntry(
      vcpu: index, published: entry.tag, late: late.tag, generation: late.generation,
      flushed: entry.flush != .nothing)
    return true
  }

  /// What the guest accesses.
  @inline(__always)
  func access() {
    for access in 0..<world.knobs.accessesPerEntry {
      _ = m.translate(UInt64(access % world.knobs.pagesPerVM), at: WorldSite.access)
    }
  }

  /// The same through tables with levels: each access writes, and is made again when its fault is served.
  @inline(never)
  private func accessTables(_ vm: UnsafeMutablePointer<VMPlace<A>>) {
    for access in 0..<world.knobs.accessesPerEntry {
      let page = UInt64(access % world.knobs.pagesPerVM)
      if m.translate(page, writes: true, at: WorldSite.access).outcome != .fault { continue }
      m.note(.pageFaults)
      world.allocator.serveFault(
        page &* world.knobs.pageStride, writes: true, of: vm.pointee.state, on: m)
      _ = m.translate(page, writes: true, at: WorldSite.access)
    }
  }

  /// Leaves the guest.
  @inline(__always)
  func leave(_ index: Int, isLast: Bool = false) {
    let vcpu = world.vcpus + index
    let vm = world.vms + vcpu.pointee.vm
    if world.contextOutlives(isLast: isLast) {
      m.leaveGuest(at: WorldSite.exit)
    } else {
      m.clearContext(at: WorldSite.exit)
    }
    world.allocator.exited(vcpu.pointee.state, of: vm.pointee.state, on: m)
    m.restoreInterrupts(.enabled)
    m.enablePreemption()
  }

  @inline(__always)
  private func flushAtEntry(_ flush: Entry.Flush, _ tag: Tag) {
    switch flush {
    case .nothing, .everythingOnceInstalled: break
    case .thisTag: m.invalidate(.tag(tag), on: .thisPCPU, at: WorldSite.install)
    case .everything: m.invalidate(.everything, on: .thisPCPU, at: WorldSite.install)
    }
  }

  /// Clear the entry, barrier, invalidate by tag, wait.
  @inline(never)
  private func unmap(_ vm: UnsafeMutablePointer<VMPlace<A>>, _ page: Int) {
    let word = vm.pointee.table[page]
    let old = TableEntry(bits: m.load(word, .relaxed, at: WorldSite.unmap))
    let cleared = TableEntry(frame: 0, version: old.version &+ 1, isValid: false)
    guard old.isValid,
      m.compareExchange(
        word, expected: old.bits, desired: cleared.bits, .relaxed, failure: .relaxed,
        at: WorldSite.unmap) == old.bits
    else { return }
    m.fence(.full, at: WorldSite.unmapBarrier)
    world.allocator.flush(page: UInt64(page), of: vm.pointee.state, on: m)
    m.flushCompleted(vm.pointee.slot, page: UInt64(page), version: cleared.version)
    m.note(.unmaps)
  }

  /// Takes every vCPU of the VM, ends it, and creates the next one in its place, which sets them
  /// free again.
  @inline(never)
  private func end(_ vm: UnsafeMutablePointer<VMPlace<A>>) {
    takeAll(of: vm)
    if !A.creationMayFail || m.read(vacant[vm.pointee.slot.index]) == 0 {
      // What a device shares ends with its owner.
      if hasDevices { while unpin(vm) {} }
      world.destroy(vm, on: m)
    }
    _ = inhabit(vm)
  }
}

// Places without a VM.
extension ProgramLoop {
  private func vcpuIndices(of vm: UnsafeMutablePointer<VMPlace<A>>) -> Range<Int> {
    let first = vm.pointee.slot.index * world.knobs.vcpusPerVM
    return first..<(first + world.knobs.vcpusPerVM)
  }

  fileprivate func takeAll(of vm: UnsafeMutablePointer<VMPlace<A>>) {
    for index in vcpuIndices(of: vm) {
      m.acquire(Lock(world.vcpus[index].claim), at: WorldSite.churn)
    }
  }

  /// Creates a VM in an empty place, all of whose claims are taken, and gives them back. False if there
  /// is none: the place is left as it is.
  fileprivate func inhabit(_ vm: UnsafeMutablePointer<VMPlace<A>>) -> Bool {
    if A.creationMayFail { m.write(vacant[vm.pointee.slot.index], 0) }
    do {
      try world.create(vm, on: m)
      return true
    } catch {
      guard A.creationMayFail else { m.bug("no tag for a new VM", at: WorldSite.churn) }
      m.note(.creationsFailed)
      m.write(vacant[vm.pointee.slot.index], 1)
      for index in vcpuIndices(of: vm) {
        m.release(Lock(world.vcpus[index].claim), at: WorldSite.churn)
      }
      return false
    }
  }

  /// Claims a vCPU, and creates its VM if there is none. False if that fails: then nothing is claimed.
  @inline(never)
  fileprivate func claimInhabited(
    _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>, _ vm: UnsafeMutablePointer<VMPlace<A>>
  ) -> Bool {
    let slot = vm.pointee.slot.index
    while true {
      m.acquire(Lock(vcpu.pointee.claim), at: WorldSite.claim)
      if m.read(vacant[slot]) == 0 { return true }
      m.release(Lock(vcpu.pointee.claim), at: WorldSite.handOver)
      takeAll(of: vm)
      if m.read(vacant[slot]) != 0 {
        if !inhabit(vm) { return false }
      } else {
        for index in vcpuIndices(of: vm) {
          m.release(Lock(world.vcpus[index].claim), at: WorldSite.churn)
        }
      }
    }
  }
}

extension ProgramLoop {
  /// A device begins to share the VM's address space, if its number can be pinned.
  @inline(never)
  fileprivate func pin(_ vm: UnsafeMutablePointer<VMPlace<A>>) {
    let tag = world.allocator.pin(vm.pointee.state, on: m)
    if tag == .undecided { return }
    let owner = VMIdentity(truncatingIfNeeded: m.observe(vm.pointee.identity))
    m.attachDevice(to: vm.pointee.slot, owner: owner, tag: tag, at: WorldSite.attach)
  }

  /// A device that shares it no longer does. False if there is none.
  @inline(never)
  fileprivate func unpin(_ vm: UnsafeMutablePointer<VMPlace<A>>) -> Bool {
    // The device first: from here on nobody may look at its number.
    guard m.detachDevice(from: vm.pointee.slot, at: WorldSite.detach) else { return false }
    world.allocator.unpin(vm.pointee.state, on: m)
    return true
  }
}

/// Builds a controlled program of an allocator.
///
/// - Throws: `AllocationError` if the system cannot hold the VMs.
func prepareProgram<A: TagAllocator>(
  _: A.Type, _ setup: ProgramSetup
) throws -> ControlledProgram where A.M == ControlledMachine {
  let memory = ControlledMemory(
    pcpuCount: setup.steps.count, shortBank: setup.shortBank)
  let pcpuCount = setup.configuration.pcpuCount
  if setup.steps.contains(where: { $0.contains(.offline) }) {
    memory.makeOnlineWord(pcpus: pcpuCount)
  }
  if setup.steps.count > pcpuCount { memory.makeRunLocks(pcpus: pcpuCount) }
  let knobs = setup.plan.knobs
  var plan = setup.plan
  if setup.steps.joined().contains(where: \.isNested) { plan.nests = true }
  let world = World(
    A(setup.configuration, in: memory), plan, tagBits: setup.configuration.tagBits, in: memory)
  memory.nowMaking("")
  let vacant = memory.cells(
    A.creationMayFail ? knobs.vms : 0, initially: 0, named: "empty place")
  for slot in try world.createAll(from: setup.plan.initialState, on: memory.setupMachine) {
    memory.setupMachine.write(vacant[slot.index], 1)
  }
  let owner = WorldOwner(world, in: memory)
  let hasDevices = setup.steps.joined().contains { $0.isPin }
  // The closure is compiled for exactly this allocator; a method of a generic class would not be.
  let bodies = setup.steps.map { list in
    let kept = KeptSteps(list)
    nonisolated(unsafe) let steps = kept.steps
    return ClosureBody(keeping: (owner, kept)) { m in
      ProgramLoop(world: world, m: m, hasDevices: hasDevices, vacant: vacant).run(steps)
    }
  }
  let traits = A.traits
  let tellsApart = traits.tellsApart(setup.configuration.hardwareTagBits)
  let hasTLB = knobs.accessesPerEntry > 0 || knobs.speculateEvery > 0
  return ControlledProgram(
    memory: memory,
    hardware: ControlledProgram.Hardware(
      tagBits: setup.configuration.tagBits,
      hardwareTagBits: setup.configuration.hardwareTagBits, highestTag: knobs.highestTag,
      vmSlots: knobs.vms,
      vcpus: knobs.vms * knobs.vcpusPerVM, pagesPerVM: knobs.pagesPerVM,
      tables: A.keepsTables ? setup.configuration.tables?.shape : nil, hasTLB: hasTLB,
      fillsUnasked: knobs.speculateEvery > 0, threadsPerCore: knobs.threadsPerCore,
      hasDevices: hasDevices, nests: A.nests && world.nests,
      tagsAreGlobal: traits.tagScope == .machine && tellsApart,
      allowsUntagged: traits.allowsUntagged, encrypts: A.encrypts, mayFail: knobs.failEvery > 0,
      oracles: traits.oracles.union([.o9, .race]).subtracting(tellsApart ? [] : [.o7])),
    bodies: bodies, pcpus: bodies.indices.map { PCPU($0 % pcpuCount) })
}

/// Gives a world's tables back when nobody can run in it any more.
private final class WorldOwner<A: TagAllocator>: Sendable {
  let world: World<A>
  /// The world's own parts stand in it.
  private let memory: ControlledMemory

  init(_ world: World<A>, in memory: ControlledMemory) {
    self.world = world
    self.memory = memory
  }

  deinit { world.deallocate() }
}

/// The steps of a program, at a place that stays.
///
/// Sendable because nobody writes them.
private final class KeptSteps: @unchecked Sendable {
  let steps: UnsafeBufferPointer<ProgramStep>

  init(_ steps: [ProgramStep]) {
    let place = UnsafeMutableBufferPointer<ProgramStep>.allocate(capacity: steps.count)
    _ = place.initialize(from: steps)
    self.steps = UnsafeBufferPointer(place)
  }

  deinit { steps.deallocate() }
}
