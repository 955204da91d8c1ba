// KVM's ASIDs for encrypted guests: a number for life, which is the handle of the guest's key, and
// which comes back only when nothing under the old key is left in any cache.
//
// Follows arch/x86/kvm/svm/sev.c (sev_asid_new, sev_asid_free, sev_flush_asids, sev_unbind_asid,
// pre_sev_run): the recycling as of "KVM: SVM: Reduce WBINVD/DF_FLUSH invocations" and "KVM: SVM:
// Guard against DEACTIVATE when performing WBINVD/DF_FLUSH" (2019), the two classes as they came with
// SEV-ES (2020). That a number is registered with each pCPU is of a rework that was posted, patch 9 of
// <20250326193619.3714986-1-yosry.ahmed@linux.dev>.

import Domain
import Machines

/// The allocator. There are two classes of numbers, and a guest's kind says which is its: SEV guests
/// have the high ones, SEV-ES guests those below. Which kind a VM is of, its place says here: the
/// first, the third, ... are SEV guests, the others SEV-ES guests.
///
/// A dead VM's number is not free. It is put aside, and only when its class has run out all caches are
/// written back, the memory's fabric is flushed, and all that were put aside are free at once, those of
/// the other class, too. No guest may be deactivated between the two halves of that: the firmware would
/// want the first half again.
///
/// Translations need no flush then: whoever gets a number is new on every pCPU. A pCPU notes which VMCB
/// ran last under each number, and flushes where that was another one, or where the VMCB comes from
/// another pCPU.
///
/// `Rules` are the steps that faults replace.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct SVMSEV<M: SecureMachine & DecidingMachine, Rules: SVMSEVRules>: TagAllocator {
  public typealias VM = SEVVM<M>
  public typealias VCPU = VMCB<M>

  let parts: Fixed<SVMSEVParts<M>>

  public static var makesCalls: Bool { true }
  public static var creationMayFail: Bool { true }
  public static var encrypts: Bool { true }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let highest = configuration.usableTags
    let firstSEV = UInt64(highest / 2 + 1)
    parts = memory.fixed(
      SVMSEVParts(
        vcpusPerVM: configuration.vcpusPerVM,
        tagLimit: highest + 1,
        sev: SEVRange(first: firstSEV, last: UInt64(highest)),
        sevES: SEVRange(first: 1, last: firstSEV - 1),
        lock: memory.lock(named: "lock"),
        deactivation: memory.lock(named: "deactivation"),
        numbers: SEVNumbers(highest: highest, in: memory),
        lastVMCB: memory.words(
          configuration.pcpuCount * (highest + 1), initially: 0, .packed, named: "last VMCB"),
        addresses: memory.word(initially: 0, named: "addresses")))
  }

  public func makeVM(in memory: M.Memory) -> SEVVM<M> {
    SEVVM(vcpus: parts.value.vcpusPerVM, in: memory)
  }

  public func makeVCPU(_ number: Int, of vm: SEVVM<M>, in memory: M.Memory) -> VMCB<M> {
    vm.vmcb(number)
  }

  // MARK: VMs

  /// sev_guest_init, and as much of sev_launch_start as binds the key.
  public func createVM(_ vm: SEVVM<M>, on m: M) throws(AllocationError) {
    if m.read(vm.address) == 0 {
      // As with `SVMStatic`: later VMs' objects come to lie where those of this place lie.
      let count = UInt64(parts.value.vcpusPerVM)
      let last = m.add(parts.value.addresses, count, .relaxed, at: SVMSEVSites.newAddresses)
      m.write(vm.address, last - count + 1)
    }
    let asid = try allocate(from: range(of: vm, on: m), on: m)
    if m.firmware(.activate, Tag(asid), at: SVMSEVSites.activate) != .success {
      // No guest was ever bound to it, so there is none to deactivate.
      if asid != 0 { free(asid, on: m) }
      throw .refused
    }
    for number in 0..<parts.value.vcpusPerVM {
      vm.vmcb(number).reset(asid: asid, .nothing, on: m)
    }
    vm.requests.reset(on: m)
  }

  /// The numbers of the VM's class.
  private func range(of vm: SEVVM<M>, on m: M) -> SEVRange {
    let place = (m.read(vm.address) - 1) / UInt64(parts.value.vcpusPerVM)
    return place % 2 == 0 ? parts.value.sev : parts.value.sevES
  }

  /// sev_asid_new. The lock is a mutex, interrupts stay on: whoever waits for it answers calls.
  private func allocate(from range: SEVRange, on m: M) throws(AllocationError) -> UInt64 {
    m.acquire(lock, at: SVMSEVSites.allocLock)
    var asid = numbers.lowestFree(in: range, on: m)
    if asid == 0, Rules.mayRecycle(for: range, self, on: m), recycle(on: m) {
      asid = numbers.lowestFree(in: range, on: m)
    }
    if asid == 0 {
      m.noTagFound(from: Tag(range.first), through: Tag(range.last))
      m.release(lock, at: SVMSEVSites.allocUnlock)
      throw .exhausted
    }
    // Room for the number in each pCPU's map.
    if m.mayFail(at: SVMSEVSites.register) { return try Rules.registrationFailed(self, on: m) }
    numbers.take(asid, on: m)
    m.tagAllocated(Tag(asid))
    m.release(lock, at: SVMSEVSites.allocUnlock)
    return asid
  }

  /// __sev_recycle_asids: frees what was put aside, if that can be done. The caller holds the lock.
  private func recycle(on m: M) -> Bool {
    guard Rules.emptyCaches(self, on: m) else { return false }
    numbers.recycle(on: m)
    m.note(.rollovers)
    return true
  }

  /// sev_flush_asids: nothing under any dead VM's key is left anywhere. False if the firmware wants
  /// more.
  ///
  /// The exclusive lock pairs with the shared one of `destroyVM`. Behind the wait all other pCPUs' lines
  /// are in the fabric, so that its flush takes them along.
  func emptyCaches(on m: M) -> Bool {
    if Rules.excludesDeactivation {
      m.acquireExclusive(deactivation, at: SVMSEVSites.flushLock)
    }
    if Rules.writesBackEverywhere {
      m.call(
        PCPUSet(first: m.pcpuCount), .writeBackCache, at: SVMSEVSites.writeBackOthers)
    }
    m.writeBackCache(at: SVMSEVSites.writeBack)
    if Rules.writesBackEverywhere { m.waitForCalls(at: SVMSEVSites.writeBackWait) }
    let answer = m.firmware(.flushFabric, Tag(0), at: SVMSEVSites.flushFabric)
    if Rules.excludesDeactivation {
      m.releaseExclusive(deactivation, at: SVMSEVSites.flushUnlock)
    }
    return answer == .success
  }

  /// sev_vm_destroy. The guest's key is gone before anybody can take its number for reclaimable.
  public func destroyVM(_ vm: SEVVM<M>, on m: M) {
    let asid = m.read(vm.vmcb(0).asid)
    if Rules.excludesDeactivation {
      m.acquireShared(deactivation, at: SVMSEVSites.deactivateLock)
    }
    _ = m.firmware(.deactivate, Tag(asid), at: SVMSEVSites.deactivate)
    if Rules.excludesDeactivation {
      m.releaseShared(deactivation, at: SVMSEVSites.deactivateUnlock)
    }
    free(asid, on: m)
  }

  /// sev_asid_free. The maps' entries are relaxed: none of the VM's vCPUs is loaded, and the lock hands
  /// the number on.
  private func free(_ asid: UInt64, on m: M) {
    m.acquire(lock, at: SVMSEVSites.freeLock)
    m.tagFreed(Tag(asid))
    numbers.putAside(asid, on: m)
    for pcpu in 0..<m.pcpuCount {
      m.store(lastVMCB(under: asid, on: pcpu), 0, .relaxed, at: SVMSEVSites.clearLast)
    }
    m.release(lock, at: SVMSEVSites.freeUnlock)
  }

  // MARK: Entering

  /// Takes requests, as `SVMStatic` does.
  @inline(__always)
  public func prepareEntry(_ vcpu: VMCB<M>, of vm: SEVVM<M>, on m: M) -> Entry {
    let mustFlush = vm.requests.take(vcpu.number, on: m)
    if mustFlush { vcpu.set(.thisASID, on: m) }
    return Entry(tag: Tag(m.read(vcpu.asid)), tookFastPath: !mustFlush)
  }

  @inline(__always)
  public func mayEnter(_ vcpu: VMCB<M>, of vm: SEVVM<M>, on m: M) -> Bool {
    !vm.requests.isRaised(vcpu.number, on: m)
  }

  /// pre_sev_run, and the flush of VMRUN. A map's entries are their pCPU's own while their numbers have
  /// owners, hence relaxed.
  @inline(__always)
  public func lateID(of vcpu: VMCB<M>, of vm: SEVVM<M>, on m: M) -> TagID {
    let last = lastVMCB(under: m.read(vcpu.asid), on: m.pcpu.index)
    let address = m.read(vm.address) &+ UInt64(truncatingIfNeeded: vcpu.number)
    let hasMoved = vcpu.arrive(on: m)
    if m.load(last, .relaxed, at: SVMSEVSites.lookLast) != address || hasMoved {
      m.store(last, address, .relaxed, at: SVMSEVSites.noteLast)
      vcpu.set(.thisASID, on: m)
    }
    // Whoever can encrypt guests can flush one number.
    let tag = vcpu.flushAsVMRUN(
      at: SVMSEVSites.vmrunFlush, everythingAt: SVMSEVSites.vmrunFlush, on: m)
    return TagID(tag: tag, generation: 0)
  }

  // MARK: Leaving

  /// The VMRUN is complete, and so is its flush.
  @inline(__always)
  public func exited(_ vcpu: VMCB<M>, of vm: SEVVM<M>, on m: M) { vcpu.set(.nothing, on: m) }

  /// Nothing: the number is the VM's.
  @inline(__always)
  public func put(_ vcpu: VMCB<M>, of vm: SEVVM<M>, on m: M) {}

  /// kvm_flush_remote_tlbs.
  public func flush(page: UInt64, of vm: SEVVM<M>, on m: M) { vm.requests.raiseForAll(on: m) }

  /// Nothing: a VM has its number since it was created.
  public func start(from state: InitialState, vms: [SEVVM<M>], on m: M) {}
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMSEV {
  /// A number is a key, so it means one VM on the whole machine. One for each class: for whom there is
  /// none, there is no VM.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine,
      oracles: [.o1, .o2, .o3, .o4, .o7, .o8, .o9, .o11, .o12], leastTags: { _, _ in 2 })
  }

  public static var sites: [SiteDescription] { SVMSEVSites.table }
}

/// What the allocator keeps of a VM.
public struct SEVVM<M: CallingMachine>: Sendable {
  let requests: FlushRequests<M>
  private let vmcbs: Bank<M.Cell>
  /// Where the first of its VMCBs lies in memory; the others follow. 0 until the first attempt to make
  /// a VM here.
  let address: M.Cell

  init(vcpus: Int, in memory: M.Memory) {
    requests = FlushRequests(vcpus: vcpus, SVMSEVSites.requests, in: memory)
    vmcbs = VMCB<M>.cells(vcpus: vcpus, in: memory)
    address = memory.cell(initially: 0, named: "address")
  }

  @inline(__always)
  func vmcb(_ number: Int) -> VMCB<M> { VMCB(number, of: vmcbs) }
}

/// The parts of the allocator. Handles and numbers; they never change.
struct SVMSEVParts<M: CallingMachine>: Sendable {
  let vcpusPerVM: Int
  /// One past the highest ASID.
  let tagLimit: Int
  /// The numbers of SEV guests, min_sev_asid ... max_sev_asid.
  let sev: SEVRange
  /// Those of SEV-ES guests.
  let sevES: SEVRange
  /// sev_bitmap_lock: guards `numbers`, and is held while they are recycled.
  let lock: Lock<M.Word>
  /// sev_deactivate_lock: who deactivates a guest takes a share, who empties the caches the whole.
  let deactivation: Lock<M.Word>
  let numbers: SEVNumbers<M>
  /// For each pCPU and ASID: the address of the VMCB that ran there last; 0 for none.
  let lastVMCB: Bank<M.Word>
  /// The last address that a VMCB has got.
  let addresses: M.Word
}

extension SVMSEV {
  var lock: Lock<M.Word> { parts.value.lock }
  var numbers: SEVNumbers<M> { parts.value.numbers }
  private var deactivation: Lock<M.Word> { parts.value.deactivation }

  @inline(__always)
  private func lastVMCB(under asid: UInt64, on pcpu: Int) -> M.Word {
    parts.value.lastVMCB[pcpu &* parts.value.tagLimit &+ Int(truncatingIfNeeded: asid)]
  }
}
