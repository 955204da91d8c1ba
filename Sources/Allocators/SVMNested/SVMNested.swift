// KVM's static ASIDs for SVM where guests run guests of their own.
//
// Follows the posted series "KVM: SVM: Rework ASID management", RFC v2 of 2025-03-26,
// <20250326193619.3714986-1-yosry.ahmed@linux.dev>, patches 15 to 24: with an ASID for L2 beside that of
// L1, the flush of everything at each transition between the two goes, and what it hid must be done.

import Domain
import Machines

/// The allocator: `SVMStatic` with two VMCBs for each vCPU, vmcb01 for L1 and vmcb02 for whichever L2
/// runs. Each is a context of its own, with its own number, its own last pCPU and its own flush to come;
/// one of the two is current. All of a VM's L2s share one number, the VM's nested one.
///
/// Beside `SVMStatic`'s reasons to flush a context at VMRUN there are those of the nested one:
///
/// - the host has changed a translation of the VM: whatever is current, both contexts have it;
/// - L1 gives its guest another tag than that under which L2 ran last: there is one number for all;
/// - L1 asks its VMRUN to flush; and if it asks for everything, its own context as well. Never more than
///   these two: what else there is belongs to the host and to others.
///
/// Some of them are requests for "the current context". They are taken before another one is current,
/// or the wrong one would be flushed.
///
/// `Rules` are the steps that faults replace.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct SVMNested<M: CallingMachine, Rules: SVMNestedRules>: TagAllocator {
  public typealias VM = SVMNestedVM<M>
  public typealias VCPU = SVMNestedVCPU<M>

  let parts: Fixed<SVMStaticParts<M>>

  public static var makesCalls: Bool { true }
  public static var nests: Bool { true }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let limit = configuration.usableTags + 1
    parts = memory.fixed(
      SVMStaticParts(
        vcpusPerVM: configuration.vcpusPerVM,
        tagLimit: limit,
        // ASID 0 is the host's; setting the hardware up takes the first one as fallback, for ever.
        factory: TagFactory(
          below: limit, taken: 1 | 1 << SVMStaticParts<M>.fallback, SVMNestedSites.factory,
          in: memory),
        lastVCPU: memory.words(
          configuration.pcpuCount * limit, initially: 0, .packed, named: "last vCPU"),
        addresses: memory.word(initially: 0, named: "addresses")))
  }

  public func makeVM(in memory: M.Memory) -> SVMNestedVM<M> {
    SVMNestedVM(vcpus: parts.value.vcpusPerVM, in: memory)
  }

  public func makeVCPU(
    _ number: Int, of vm: SVMNestedVM<M>, in memory: M.Memory
  ) -> SVMNestedVCPU<M> { vm.vcpu(number) }

  /// Nothing: a VM has its number since it was created.
  public func start(from state: InitialState, vms: [SVMNestedVM<M>], on m: M) {}

  // MARK: VMs

  /// svm_vm_init and init_vmcb.
  public func createVM(_ vm: SVMNestedVM<M>, on m: M) throws(AllocationError) {
    if m.read(vm.address) == 0 {
      let count = UInt64(parts.value.vcpusPerVM)
      let last = m.add(parts.value.addresses, count, .relaxed, at: SVMNestedSites.newAddresses)
      m.write(vm.address, last - count + 1)
    }
    let asid = allocate(on: m)
    m.write(vm.nestedASID, 0)
    for number in 0..<parts.value.vcpusPerVM { vm.vcpu(number).reset(asid: asid, on: m) }
    vm.requests.reset(on: m)
  }

  /// A number of its own, or the one that all have for whom there is none.
  func allocate(on m: M) -> UInt64 {
    let asid = parts.value.factory.allocate(on: m)
    return asid == 0 ? fallback : asid
  }

  /// svm_vm_destroy. No flush: whoever gets the numbers flushes at its first run.
  public func destroyVM(_ vm: SVMNestedVM<M>, on m: M) {
    free(m.read(vm.vcpu(0).vmcb01.asid), on: m)
    free(m.read(vm.nestedASID), on: m)
  }

  /// Takes a number out of all maps before it can be somebody else's.
  ///
  /// Relaxed: none of the VM's vCPUs is loaded, so nobody looks at these entries before the factory's
  /// lock has handed the number on.
  private func free(_ asid: UInt64, on m: M) {
    if asid == 0 || asid == fallback { return }
    for pcpu in 0..<m.pcpuCount {
      m.store(lastVCPU(under: asid, on: pcpu), 0, .relaxed, at: SVMNestedSites.unregister)
    }
    parts.value.factory.free(asid, on: m)
  }

  // MARK: Entering

  /// svm_vcpu_load.
  @inline(__always)
  public func load(_ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) {
    Rules.noteLoad(vcpu, of: vm, self, on: m)
  }

  /// Notes which vCPU runs here under the current context's ASID from now on. Returns whether another one
  /// did last. Relaxed: the entry of a pCPU and an ASID is written by that pCPU alone while the ASID has
  /// an owner.
  @inline(__always)
  func takeOver(_ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) -> Bool {
    let address = m.read(vm.address) &+ UInt64(truncatingIfNeeded: vcpu.number)
    let asid = m.read(vcpu.current(on: m).asid)
    let last = m.exchange(
      lastVCPU(under: asid, on: m.pcpu.index), address, .relaxed, at: SVMNestedSites.track)
    return last != address
  }

  /// Takes requests: the host's, which everybody may have made, and those for the current context, which
  /// only the vCPU itself makes.
  @inline(__always)
  public func prepareEntry(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M
  ) -> Entry {
    let isForHost = vm.requests.take(vcpu.number, on: m)
    if isForHost { Rules.flushForHost(vcpu, on: m) }
    let isForCurrent = takeRequestForCurrent(vcpu, on: m)
    return Entry(
      tag: Tag(m.read(vcpu.current(on: m).asid)), tookFastPath: !isForHost && !isForCurrent)
  }

  @inline(__always)
  public func mayEnter(_ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) -> Bool {
    !vm.requests.isRaised(vcpu.number, on: m)
  }

  /// pre_svm_run, which comes behind the last look, and the flush of VMRUN.
  @inline(__always)
  public func lateID(of vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) -> TagID {
    let vmcb = vcpu.current(on: m)
    if vmcb.arrive(on: m) { vmcb.set(.thisASID, on: m) }
    if m.read(vmcb.asid) == fallback { vmcb.set(.thisASID, on: m) }
    // Nothing here ever asks for more than one ASID.
    let tag = vmcb.flushAsVMRUN(
      at: SVMNestedSites.vmrunFlush, everythingAt: SVMNestedSites.vmrunFlush, on: m)
    return TagID(tag: tag, generation: 0)
  }

  // MARK: Leaving

  /// The VMRUN is complete, and so is its flush.
  @inline(__always)
  public func exited(_ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) {
    vcpu.current(on: m).set(.nothing, on: m)
  }

  /// Nothing: the next load asks who was here.
  @inline(__always)
  public func put(_ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) {}

  /// kvm_flush_remote_tlbs.
  public func flush(page: UInt64, of vm: SVMNestedVM<M>, on m: M) {
    vm.requests.raiseForAll(on: m)
  }
}

extension SVMNested {
  var fallback: UInt64 { SVMStaticParts<M>.fallback }

  @inline(__always)
  func lastVCPU(under asid: UInt64, on pcpu: Int) -> M.Word {
    parts.value.lastVCPU[pcpu &* parts.value.tagLimit &+ Int(truncatingIfNeeded: asid)]
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMNested {
  /// As those of `SVMStatic`, and what L1 and its guests may be shown.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .pcpu, oracles: [.o3, .o4, .o7, .o8, .o9, .o11, .o12, .o13],
      leastTags: { _, _ in 1 })
  }

  public static var sites: [SiteDescription] { SVMNestedSites.table }
}
