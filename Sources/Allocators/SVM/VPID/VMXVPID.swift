// KVM's VPIDs for VMX: a number for each vCPU's life, from a bitmap.
//
// Follows arch/x86/kvm/vmx/vmx.c (allocate_vpid, free_vpid, vmx_vcpu_load_vmcs, vmx_flush_tlb_all) and
// its form over the shared factory in <20250326193619.3714986-1-yosry.ahmed@linux.dev>, patch 1.

import Domain
import Machines

/// The allocator. Each vCPU has a VPID of its own, so that only time and place matter: a vCPU that
/// comes from another pCPU, or has never run, asks itself for a flush. Nothing is flushed when a VPID
/// is freed. A vCPU for which there was none runs without: its entries and exits flush.
///
/// `Rules` are the step that a fault replaces.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct VMXVPID<M: CallingMachine, Rules: VMXVPIDRules>: TagAllocator {
  public typealias VM = VMXVM<M>
  public typealias VCPU = VMXVCPU<M>

  let parts: Fixed<VMXVPIDParts<M>>

  public static var makesCalls: Bool { true }

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    parts = memory.fixed(
      VMXVPIDParts(
        vcpusPerVM: configuration.vcpusPerVM,
        // VPID 0 is the host's.
        factory: TagFactory(
          below: configuration.usableTags + 1, taken: 1, VMXVPIDSites.factory, in: memory)))
  }

  public func makeVM(in memory: M.Memory) -> VMXVM<M> {
    VMXVM(vcpus: parts.value.vcpusPerVM, in: memory)
  }

  public func makeVCPU(_ number: Int, of vm: VMXVM<M>, in memory: M.Memory) -> VMXVCPU<M> {
    vm.vcpu(number)
  }

  /// vmx_vcpu_create. That there is no VPID is no error.
  public func createVM(_ vm: VMXVM<M>, on m: M) throws(AllocationError) {
    for number in 0..<parts.value.vcpusPerVM {
      m.write(vm.vcpu(number).vpid, factory.allocate(on: m))
      m.write(vm.vcpu(number).lastPCPU, 0)
    }
    vm.requests.reset(on: m)
  }

  /// vmx_vcpu_free. No flush: whoever gets the VPID flushes where it comes to.
  public func destroyVM(_ vm: VMXVM<M>, on m: M) {
    for number in 0..<parts.value.vcpusPerVM {
      let vpid = m.read(vm.vcpu(number).vpid)
      if vpid != 0 { factory.free(vpid, on: m) }
    }
  }

  // MARK: Entering

  /// vmx_vcpu_load_vmcs: a vCPU that was elsewhere, or nowhere, has missed what was flushed here.
  @inline(__always)
  public func load(_ vcpu: VMXVCPU<M>, of vm: VMXVM<M>, on m: M) {
    let here = UInt64(truncatingIfNeeded: m.pcpu.index &+ 1)
    if m.read(vcpu.lastPCPU) == here { return }
    m.write(vcpu.lastPCPU, here)
    _ = m.or(vm.requests.words[vcpu.number], 1, .relaxed, at: VMXVPIDSites.raiseAtLoad)
  }

  /// Takes requests. INVVPID flushes at once, so an entry that is not made loses nothing.
  @inline(__always)
  public func prepareEntry(_ vcpu: VMXVCPU<M>, of vm: VMXVM<M>, on m: M) -> Entry {
    let vpid = m.read(vcpu.vpid)
    let mustFlush = vm.requests.take(vcpu.number, on: m)
    if mustFlush && vpid != 0 {
      m.invalidate(.tag(Tag(vpid)), on: .thisPCPU, at: VMXVPIDSites.invvpid)
    }
    return Entry(tag: Tag(vpid), tookFastPath: !mustFlush, flush: Rules.flushAtEntry(vpid))
  }

  @inline(__always)
  public func mayEnter(_ vcpu: VMXVCPU<M>, of vm: VMXVM<M>, on m: M) -> Bool {
    !vm.requests.isRaised(vcpu.number, on: m)
  }

  @inline(__always)
  public func lateID(of vcpu: VMXVCPU<M>, of vm: VMXVM<M>, on m: M) -> TagID {
    TagID(tag: Tag(m.read(vcpu.vpid)), generation: 0)
  }

  // MARK: Leaving

  /// Nothing: the next load asks where the vCPU was.
  @inline(__always)
  public func put(_ vcpu: VMXVCPU<M>, of vm: VMXVM<M>, on m: M) {}

  /// kvm_flush_remote_tlbs.
  public func flush(page: UInt64, of vm: VMXVM<M>, on m: M) { vm.requests.raiseForAll(on: m) }

  /// Nothing: a vCPU has its VPID since it was created.
  public func start(from state: InitialState, vms: [VMXVM<M>], on m: M) {}
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension VMXVPID {
  /// The vCPUs of a VM have different VPIDs (no O1); no two VMs share one but 0.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: [.o2, .o3, .o4, .o7, .o8, .o9, .o11, .o12], allowsUntagged: true,
      leastTags: { _, _ in 1 })
  }

  public static var sites: [SiteDescription] { VMXVPIDSites.table }
}

/// The replaceable step.
public protocol VMXVPIDRules: Sendable {
  /// What VM entry flushes.
  static func flushAtEntry(_ vpid: UInt64) -> Entry.Flush
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension VMXVPIDRules {
  /// With 0 VPIDs are off for this vCPU, and the hardware flushes what is under 0.
  @inline(__always)
  public static func flushAtEntry(_ vpid: UInt64) -> Entry.Flush {
    vpid == 0 ? .thisTag : .nothing
  }
}

/// The allocator as it is: nothing replaced.
public enum VMXVPIDAsMerged: VMXVPIDRules {}

/// What the allocator keeps of a VM.
public struct VMXVM<M: CallingMachine>: Sendable {
  let requests: FlushRequests<M>
  private let vpids: Bank<M.Cell>
  private let lastPCPUs: Bank<M.Cell>

  init(vcpus: Int, in memory: M.Memory) {
    requests = FlushRequests(vcpus: vcpus, VMXVPIDSites.requests, in: memory)
    vpids = memory.cells(vcpus, initially: 0, named: "VPID")
    lastPCPUs = memory.cells(vcpus, initially: 0, named: "last pCPU")
  }

  @inline(__always)
  func vcpu(_ number: Int) -> VMXVCPU<M> {
    VMXVCPU(number: number, vpid: vpids[number], lastPCPU: lastPCPUs[number])
  }
}

/// What the allocator keeps of a vCPU. Belongs to the pCPU that has it loaded.
public struct VMXVCPU<M: CallingMachine>: Sendable {
  /// Its number in its VM.
  let number: Int
  /// Its VPID; 0 for none. Never changes while it lives.
  let vpid: M.Cell
  /// The pCPU that it was loaded onto last, + 1; 0 if onto none.
  let lastPCPU: M.Cell
}

/// The parts of the allocator. Handles and numbers; they never change.
struct VMXVPIDParts<M: CallingMachine>: Sendable {
  let vcpusPerVM: Int
  let factory: TagFactory<M>
}

extension VMXVPID {
  var factory: TagFactory<M> { parts.value.factory }
}
