// KVM's ASIDs for SVM as they are: each pCPU hands out its own, and flushes itself when it has run out.
//
// Follows arch/x86/kvm/svm/svm.c (pre_svm_run, new_asid, svm_flush_tlb_asid) as it is before the rework
// posted as <20250326193619.3714986-1-yosry.ahmed@linux.dev>.

import Domain
import Machines

/// The allocator. One number may mean different vCPUs on different pCPUs, so there is nothing to
/// share and nothing to lock: everything happens on the pCPU that is about to enter, interrupts off.
///
/// A vCPU's number counts in one generation of one pCPU. When the numbers of a pCPU run out it starts
/// over in a new generation, and the VMRUN of whoever found out flushes everything that it has. Old
/// numbers are never taken back: a vCPU that comes from elsewhere gets a new one, and what a dead one
/// left here is under a number that nobody gets before the next flush.
///
/// `Rules` are the steps that versions and faults replace.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct SVMDynamic<M: CallingMachine, Rules: SVMDynamicRules>: TagAllocator {
  public typealias VM = SVMVM<M>
  public typealias VCPU = VMCB<M>

  let parts: Fixed<SVMDynamicParts<M>>

  public static var makesCalls: Bool { true }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let highest = UInt64(configuration.usableTags)
    parts = memory.fixed(
      SVMDynamicParts(
        vcpusPerVM: configuration.vcpusPerVM, highest: highest,
        generation: memory.cells(configuration.pcpuCount, initially: 1, named: "generation"),
        // Behind the last one: the first number of a pCPU comes with a flush of what was there.
        next: memory.cells(configuration.pcpuCount, initially: highest + 1, named: "next")))
  }

  public func makeVM(in memory: M.Memory) -> SVMVM<M> {
    SVMVM(vcpus: parts.value.vcpusPerVM, SVMDynamicSites.requests, in: memory)
  }

  public func makeVCPU(_ number: Int, of vm: SVMVM<M>, in memory: M.Memory) -> VMCB<M> {
    vm.vmcb(number)
  }

  /// Generation 0 never was, on any pCPU: the first run gets a number.
  public func createVM(_ vm: SVMVM<M>, on m: M) throws(AllocationError) {
    for number in 0..<parts.value.vcpusPerVM {
      vm.vmcb(number).reset(asid: 0, .nothing, on: m)
    }
    vm.requests.reset(on: m)
  }

  /// Nothing: numbers are used up until their pCPU starts over.
  public func destroyVM(_ vm: SVMVM<M>, on m: M) {}

  // MARK: Entering

  /// Takes requests (svm_flush_tlb_asid). The number is decided behind the last look.
  @inline(__always)
  public func prepareEntry(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) -> Entry {
    if vm.requests.take(vcpu.number, on: m) { Rules.flushASID(of: vcpu, on: m) }
    let here = UInt64(truncatingIfNeeded: m.pcpu.index &+ 1)
    let hasNumber =
      m.read(vcpu.lastPCPU) == here && m.read(vcpu.generation) == m.read(generation[m.pcpu])
    return Entry(tag: .undecided, tookFastPath: hasNumber)
  }

  @inline(__always)
  public func mayEnter(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) -> Bool {
    !vm.requests.isRaised(vcpu.number, on: m)
  }

  /// pre_svm_run, and the flush of VMRUN. Nothing can come between them: a number that starts a
  /// generation must not be had without the flush that belongs to it.
  @inline(__always)
  public func lateID(of vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) -> TagID {
    if vcpu.arrive(on: m) { m.write(vcpu.generation, 0) }
    if m.read(vcpu.generation) != m.read(generation[m.pcpu]) { renew(vcpu, on: m) }
    let tag = vcpu.flushAsVMRUN(
      at: SVMDynamicSites.vmrunFlush, everythingAt: SVMDynamicSites.vmrunFlushAll, on: m)
    return TagID(tag: tag, generation: 0)
  }

  /// new_asid.
  @inline(never)
  private func renew(_ vcpu: VMCB<M>, on m: M) {
    var number = m.read(next[m.pcpu])
    if number > parts.value.highest {
      number = 1
      m.write(generation[m.pcpu], m.read(generation[m.pcpu]) &+ 1)
      vcpu.set(.everything, on: m)
      m.note(.rollovers)
    }
    m.write(next[m.pcpu], number &+ 1)
    m.write(vcpu.generation, m.read(generation[m.pcpu]))
    m.write(vcpu.asid, number)
  }

  // MARK: Leaving

  /// The VMRUN is complete, and so is its flush.
  @inline(__always)
  public func exited(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) { vcpu.set(.nothing, on: m) }

  /// The VMCB keeps what the next VMRUN is to flush: the request for it is gone.
  @inline(__always)
  public func entryAborted(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) {
    Rules.entryAborted(vcpu, on: m)
  }

  /// Nothing: the number stays the vCPU's as long as it comes back here.
  @inline(__always)
  public func put(_ vcpu: VMCB<M>, of vm: SVMVM<M>, on m: M) {}

  /// kvm_flush_remote_tlbs: SVM has no flush of one page for the host's changes.
  public func flush(page: UInt64, of vm: SVMVM<M>, on m: M) { vm.requests.raiseForAll(on: m) }

  /// Nothing: every pCPU starts over with its first number.
  public func start(from state: InitialState, vms: [SVMVM<M>], on m: M) {}
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMDynamic {
  /// Each pCPU starts over by itself, so one number would do.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .pcpu, oracles: [.o3, .o4, .o7, .o8, .o9, .o12], leastTags: { _, _ in 1 })
  }

  public static var sites: [SiteDescription] { SVMDynamicSites.table }
}

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol SVMDynamicRules: Sendable {
  /// Has the next VMRUN of a vCPU use none of the translations that its number has.
  static func flushASID<M: Machine>(of vcpu: VMCB<M>, on m: M)
  /// An entry was prepared and not made.
  static func entryAborted<M: Machine>(_ vcpu: VMCB<M>, on m: M)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMDynamicRules {
  @inline(__always)
  public static func flushASID<M: Machine>(of vcpu: VMCB<M>, on m: M) {
    vcpu.set(.thisASID, on: m)
  }

  @inline(__always)
  public static func entryAborted<M: Machine>(_ vcpu: VMCB<M>, on m: M) {}
}

/// On a pCPU with FLUSHBYASID.
public enum SVMDynamicAsMerged: SVMDynamicRules {}

/// On a pCPU without FLUSHBYASID.
public enum SVMDynamicWithoutFlushByASID: SVMDynamicRules {
  /// A generation that is not this pCPU's: the vCPU gets another number.
  @inline(__always)
  public static func flushASID<M: Machine>(of vcpu: VMCB<M>, on m: M) {
    m.write(vcpu.generation, m.read(vcpu.generation) &- 1)
  }
}

/// The parts of the allocator. Handles and numbers; they never change.
struct SVMDynamicParts<M: CallingMachine>: Sendable {
  let vcpusPerVM: Int
  /// The highest number that may be handed out.
  let highest: UInt64
  /// Of each pCPU, which alone looks at it: its generation, from 1 ...
  let generation: Bank<M.Cell>
  /// ... and the number that it hands out next.
  let next: Bank<M.Cell>
}

extension SVMDynamic {
  var generation: Bank<M.Cell> { parts.value.generation }
  var next: Bank<M.Cell> { parts.value.next }
}
