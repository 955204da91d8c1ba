// KVM's ASIDs for SVM as a rework proposes them: a number for life, from a factory.
//
// Follows the posted series "KVM: SVM: Rework ASID management", RFC v2 of 2025-03-26,
// <20250326193619.3714986-1-yosry.ahmed@linux.dev>, patches 1 to 10: one ASID for each VM. With
// `Rules.onePerVCPU`, one for each vCPU instead, as its review preferred.

import Domain
import Machines

/// The allocator. An ASID tags translations on the pCPU that made them and nowhere else, and nobody
/// flushes when one is freed. What makes numbers for life safe is four reasons to flush at VMRUN:
///
/// - the first run of a vCPU, whose number may have been a dead VM's;
/// - the first run behind one on another pCPU: what it left here has missed flushes since;
/// - another vCPU ran under the number here: a vCPU's translations are its own;
/// - the number is the fallback, which all have for whom there was none: at every run.
///
/// A fifth is that somebody asks for it (`FlushRequests`).
///
/// `Rules` are the steps that versions and faults replace.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct SVMStatic<M: CallingMachine, Rules: SVMStaticRules>: TagAllocator {
  public typealias VM = SVMVM<M>
  public typealias VCPU = VMCB<M>

  let parts: Fixed<SVMStaticParts<M>>

  public static var makesCalls: Bool { true }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let limit = configuration.usableTags + 1
    parts = memory.fixed(
      SVMStaticParts(
        vcpusPerVM: configuration.vcpusPerVM,
        tagLimit: limit,
        // ASID 0 is the host's; setting the hardware up takes the first one as fallback, for ever.
        factory: TagFactory(
          below: limit, taken: 1 | 1 << SVMStaticParts<M>.fallback, SVMStaticSites.factory,
          in: memory),
        lastVCPU: memory.words(
          configuration.pcpuCount * limit, initially: 0, .packed, named: "last vCPU"),
        addresses: memory.word(initially: 0, named: "addresses")))
  }

  public func makeVM(in memory: M.Memory) -> SVMVM<M> {
    SVMVM(vcpus: parts.value.vcpusPerVM, SVMStaticSites.requests, in: memory)
  }

  public func makeVCPU(_ number: Int, of vm: SVMVM<M>, in memory: M.Memory) -> VMCB<M> {
    vm.vmcb(number)
  }

  // MARK: VMs

  /// svm_vm_init and init_vmcb.
  public func createVM(_ vm: SVMVM<M>, on m: M) throws(AllocationError) {
    if m.read(vm.address) == 0 {
      // Objects that are made for the first time. Those of a later VM in this place come to lie at
      // the same addresses, as a slab cache hands out what was freed last.
      let count = UInt64(parts.value.vcpusPerVM)
      let last = m.add(parts.value.addresses, count, .relaxed, at: SVMStaticSites.newAddresses)
      m.write(vm.address, last - count + 1)
    }
    var asid: UInt64 = 0
    for number in 0..<parts.value.vcpusPerVM {
      if number == 0 || Rules.onePerVCPU { asid = allocate(on: m) }
      vm.vmcb(number).reset(asid: asid, Rules.firstFlush, on: m)
    }
    vm.requests.reset(on: m)
  }

  private func allocate(on m: M) -> UInt64 {
    let asid = factory.allocate(on: m)
    return asid == 0 ? fallback : asid
  }

  /// svm_vm_destroy. No flush: whoever gets the number flushes at its first run.
  public func destroyVM(_ vm: SVMVM<M>, on m: M) {
    for number in 0..<parts.value.vcpusPerVM where number == 0 || Rules.onePerVCPU {
      let asid = m.read(vm.vmcb(number).asid)
      guard Rules.mayFree(asid, fallback: fallback) else { continue }
      // Before the number can be somebody else's.
      Rules.unregister(asid, self, on: m)
      factory.free(asid, on: m)
    }
  }

  /// Empties the entry of `asid` in every pCPU's map.
  ///
  /// Relaxed: none of the VM's vCPUs is loaded, so nobody looks at these entries before the factory's
  /// lock has handed the number on.
  func forgetVCPUs(under asid: UInt64, on m: M) {
    for pcpu in 0..<m.pcpuCount {
      m.store(lastVCPU(under: asid, on: pcpu), 0, .relaxed, at: SVMStaticSites.unregister)
    }
  }

  // MARK: Entering

  /// svm_vcpu_load: notes which vCPU runs here under its ASID from now on. The entry of a pCPU and an
  /// ASID is written by that pCPU alone while the ASID has an owner, hence relaxed.
  @inline(__always)
  public func load(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) {
    if Rules.onePerVCPU { return }
    let address = m.read(vm.address) &+ UInt64(truncatingIfNeeded: vcpu.number)
    let last = m.exchange(
      lastVCPU(under: m.read(vcpu.asid), on: m.pcpu.index), address, .relaxed,
      at: SVMStaticSites.track)
    if Rules.isAnother(last, than: address) {
      _ = m.or(vm.requests.words[vcpu.number], 1, .relaxed, at: SVMStaticSites.raiseAtLoad)
    }
  }

  /// Takes requests. They were for what the ASID has on this pCPU: what it has elsewhere goes when the
  /// vCPU comes there.
  @inline(__always)
  public func prepareEntry(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) -> Entry {
    let mustFlush = vm.requests.take(vcpu.number, on: m)
    if mustFlush { vcpu.set(Rules.flushASID, on: m) }
    return Entry(tag: Tag(m.read(vcpu.asid)), tookFastPath: !mustFlush)
  }

  @inline(__always)
  public func mayEnter(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) -> Bool {
    !vm.requests.isRaised(vcpu.number, on: m)
  }

  /// pre_svm_run, which comes behind the last look, and the flush of VMRUN.
  @inline(__always)
  public func lateID(of vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) -> TagID {
    if vcpu.arrive(on: m) && Rules.flushesOnArrival { vcpu.set(Rules.flushASID, on: m) }
    if m.read(vcpu.asid) == fallback && Rules.flushesFallback { vcpu.set(Rules.flushASID, on: m) }
    let tag = vcpu.flushAsVMRUN(
      at: SVMStaticSites.vmrunFlush, everythingAt: SVMStaticSites.vmrunFlushAll, on: m)
    return TagID(tag: tag, generation: 0)
  }

  // MARK: Leaving

  /// The VMRUN is complete, and so is its flush.
  @inline(__always)
  public func exited(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) { vcpu.set(.nothing, on: m) }

  /// Nothing: the next load asks who was here.
  @inline(__always)
  public func put(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) {}

  /// kvm_flush_remote_tlbs: SVM has no flush of one page for the host's changes.
  public func flush(page: UInt64, of vm: SVMVM<M>, on m: M) { vm.requests.raiseForAll(on: m) }

  /// Nothing: a VM has its number since it was created.
  public func start(from state: InitialState, vms: [SVMVM<M>], on m: M) {}
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMStatic {
  /// Numbers mean a VM on the whole machine, but for the fallback; that each pCPU has its own TLB and
  /// flushes for itself is what counts. There is always a fallback.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .pcpu, oracles: [.o3, .o4, .o7, .o8, .o9, .o11, .o12], leastTags: { _, _ in 1 })
  }

  public static var sites: [SiteDescription] { SVMStaticSites.table }
}

/// What the allocators for SVM keep of a VM.
public struct SVMVM<M: CallingMachine>: Sendable {
  let requests: FlushRequests<M>
  private let vmcbs: Bank<M.Cell>
  /// Where the first of its vCPUs lies in memory; the others follow. 0 until the first VM is made.
  let address: M.Cell

  init(vcpus: Int, _ sites: FlushRequestSites, in memory: M.Memory) {
    requests = FlushRequests(vcpus: vcpus, sites, in: memory)
    vmcbs = VMCB<M>.cells(vcpus: vcpus, in: memory)
    address = memory.cell(initially: 0, named: "address")
  }

  @inline(__always)
  func vmcb(_ number: Int) -> VMCB<M> { VMCB(number, of: vmcbs) }
}

/// The parts of the allocator. Handles and numbers; they never change.
struct SVMStaticParts<M: CallingMachine>: Sendable {
  /// The ASID of all for whom there was none.
  static var fallback: UInt64 { 1 }

  let vcpusPerVM: Int
  /// One past the highest ASID.
  let tagLimit: Int
  let factory: TagFactory<M>
  /// For each pCPU and ASID: the address of the vCPU that ran there last; 0 for none.
  let lastVCPU: Bank<M.Word>
  /// The last address that a vCPU has got.
  let addresses: M.Word
}

extension SVMStatic {
  var factory: TagFactory<M> { parts.value.factory }
  var fallback: UInt64 { SVMStaticParts<M>.fallback }

  @inline(__always)
  func lastVCPU(under asid: UInt64, on pcpu: Int) -> M.Word {
    parts.value.lastVCPU[pcpu &* parts.value.tagLimit &+ Int(truncatingIfNeeded: asid)]
  }
}
