// KVM's VMID allocator on RISC-V: update, requests, last look, leaving.
//
// Follows arch/riscv/kvm/vmid.c and the run loop of vcpu.c of Linux 6.x; what departs from them is
// said where it does. The kernel's names stand in the site table (`RISCVKVMSites`).

import Domain
import Machines

/// The allocator: that of KVM on arm before 2021 for hardware that has a register which keeps its
/// number (HGATP) and TLBs that nobody can flush from outside.
///
/// A VM has a version and a number. When the numbers run out a rollover starts a new version and
/// has every pCPU flush its own TLB, by a call, which throws its guest out. The register is written
/// when a vCPU is loaded, and again when it is asked to: whoever takes a number for a VM asks all of
/// its vCPUs to write theirs.
///
/// `Rules` are the steps that a version or a fault may replace; those of `RISCVKVMRequestFirst` are
/// all right ones.
///
/// Left out: a vCPU's mode, for which nobody here asks; the last bit that newer kernels keep for
/// nested guests; doing without numbers where there are fewer than pCPUs.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct RISCVKVM<M: CallingMachine, Rules: RISCVKVMRules>: TagAllocator {
  public typealias VM = RISCVKVMVM<M>
  /// A vCPU's place among those of its VM. All that is kept of it stands in the VM.
  public typealias VCPU = Int

  let parts: Fixed<RISCVKVMParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    parts = memory.fixed(
      RISCVKVMParts(
        numberLimit: UInt64(configuration.usableTags) + 1,
        vcpusPerVM: configuration.vcpusPerVM,
        version: memory.word(initially: 1, named: "version"),
        lock: memory.lock(named: "lock"),
        nextNumber: memory.cell(initially: 0, named: "next"),
        hgatp: memory.cells(configuration.pcpuCount, initially: 0, named: "hgatp")))
  }

  public func makeVM(in memory: M.Memory) -> RISCVKVMVM<M> {
    let vcpus = parts.value.vcpusPerVM
    return RISCVKVMVM(
      version: memory.word(initially: 0, named: "VM version"),
      number: memory.word(initially: 0, named: "VM number"),
      requests: memory.words(vcpus, initially: 0, .ownLine, named: "request"),
      lastExit: memory.cells(vcpus, initially: 0, named: "last exit"))
  }

  public func makeVCPU(_ number: Int, of vm: RISCVKVMVM<M>, in memory: M.Memory) -> Int {
    number
  }

  /// Version 0 never was: the first entry needs a number.
  public func createVM(_ vm: RISCVKVMVM<M>, on m: M) throws(AllocationError) {
    m.store(vm.version, 0, .relaxed, at: RISCVKVMSites.createVersion)
    m.store(vm.number, 0, .relaxed, at: RISCVKVMSites.createNumber)
    for vcpu in 0..<vm.requests.count {
      m.store(vm.requests[vcpu], 0, .relaxed, at: RISCVKVMSites.createRequest)
      m.write(vm.lastExit[vcpu], 0)
    }
  }

  /// Nothing: the number stays used up until the next rollover.
  public func destroyVM(_ vm: RISCVKVMVM<M>, on m: M) {}

  // MARK: Entering

  /// The register is written with the number that the VM has now, whatever its version.
  @inline(__always)
  public func load(_ vcpu: Int, of vm: RISCVKVMVM<M>, on m: M) {
    writeRegister(vm, at: RISCVKVMSites.loadNumber, on: m)
  }

  /// Takes a number if the VM's is old, then does what this vCPU is asked for.
  ///
  /// No number is active before the entry, so none is published.
  @inline(__always)
  public func prepareEntry(_ vcpu: Int, of vm: RISCVKVMVM<M>, on m: M) -> Entry {
    let isOld = self.isOld(
      vm, at: RISCVKVMSites.updateVMVersion, RISCVKVMSites.updateVersion, on: m)
    if isOld { renewUnderLock(vm, on: m) }
    if m.load(vm.requests[vcpu], .relaxed, at: RISCVKVMSites.seeRequest) != 0 {
      // Fully ordered: what was there when the request was made is read below, and what is made
      // after it is not lost.
      _ = m.exchange(vm.requests[vcpu], 0, .fullyOrdered, at: RISCVKVMSites.takeRequest)
      writeRegister(vm, at: RISCVKVMSites.askedNumber, on: m)
    }
    return Entry(tag: .undecided, tookFastPath: !isOld)
  }

  /// The run loop's last look, interrupts off: the version, then the requests.
  ///
  /// A vCPU that left another pCPU last drops what its VM has in this TLB: invalidations that were
  /// made meanwhile went where the VM's vCPUs were.
  @inline(__always)
  public func mayEnter(_ vcpu: Int, of vm: RISCVKVMVM<M>, on m: M) -> Bool {
    if isOld(vm, at: RISCVKVMSites.lastVMVersion, RISCVKVMSites.lastVersion, on: m) {
      return false
    }
    if m.load(vm.requests[vcpu], .relaxed, at: RISCVKVMSites.lastRequest) != 0 { return false }
    if m.read(vm.lastExit[vcpu]) != mark(of: m.pcpu) {
      let number = m.load(vm.number, .relaxed, at: RISCVKVMSites.sanitizeNumber)
      m.invalidate(.tag(Tag(number)), on: .thisPCPU, at: RISCVKVMSites.sanitize)
    }
    return true
  }

  /// What the register holds. Which version it is of, nobody knows here; 0 says that there is none
  /// to judge.
  @inline(__always)
  public func lateID(of vcpu: Int, of vm: RISCVKVMVM<M>, on m: M) -> TagID {
    TagID(tag: Tag(m.read(hgatp[m.pcpu])), generation: 0)
  }

  /// kvm_riscv_gstage_vmid_ver_changed. The acquire pairs with the release of
  /// `RISCVKVMRules.publishAndUnlock`: whoever finds the VM current sees the request that was made
  /// for it.
  @inline(__always)
  func isOld(
    _ vm: RISCVKVMVM<M>, at vmSite: Site, _ versionSite: Site, on m: M
  ) -> Bool {
    let held = m.load(vm.version, .acquire, at: vmSite)
    return held != m.load(version, .relaxed, at: versionSite)
  }

  @inline(__always)
  private func writeRegister(_ vm: RISCVKVMVM<M>, at site: Site, on m: M) {
    m.write(hgatp[m.pcpu], m.load(vm.number, .relaxed, at: site))
  }

  // MARK: Leaving

  @inline(__always)
  public func exited(_ vcpu: Int, of vm: RISCVKVMVM<M>, on m: M) {
    m.write(vm.lastExit[vcpu], mark(of: m.pcpu))
  }

  /// Nothing: the register keeps its number, and the next vCPU writes its own.
  @inline(__always)
  public func put(_ vcpu: Int, of vm: RISCVKVMVM<M>, on m: M) {}

  /// The number is read after the caller's barrier. The kernel asks every vCPU of the VM to fence
  /// where it runs; here the fence goes to every pCPU, which is more.
  public func flush(page: UInt64, of vm: RISCVKVMVM<M>, on m: M) {
    let number = m.load(vm.number, .relaxed, at: RISCVKVMSites.flushNumber)
    m.invalidate(.page(Tag(number), page: page), on: .everyPCPU, at: RISCVKVMSites.flushPage)
    m.waitForInvalidations(at: RISCVKVMSites.flushPageWait)
  }

  /// How `lastExit` names a pCPU; 0 is none.
  @inline(__always)
  private func mark(of pcpu: PCPU) -> UInt64 { UInt64(truncatingIfNeeded: pcpu.index &+ 1) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RISCVKVM {
  public static var makesCalls: Bool { true }

  /// Without O5 and O6, which look for an invalidation that is broadcast: here every pCPU flushes
  /// its own TLB when it is called.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: [.o1, .o2, .o3, .o4, .o7, .o8, .o9],
      leastTags: { pcpus, _ in pcpus })
  }

  public static var sites: [SiteDescription] { RISCVKVMSites.table }

  /// The VMs hold their numbers in the first version; the next number is the one behind the highest
  /// of them, or none if all count as taken.
  public func start(from state: InitialState, vms: [RISCVKVMVM<M>], on m: M) {
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.store(vm.number, number, .relaxed, at: RISCVKVMSites.createNumber)
      m.store(vm.version, 1, .relaxed, at: RISCVKVMSites.createVersion)
    }
    let highest = state.full ? numberLimit - 1 : state.numbers.max() ?? 0
    m.write(nextNumber, following(highest))
  }
}

/// What the allocator keeps of a VM and its vCPUs.
public struct RISCVKVMVM<M: Machine>: Sendable {
  /// The version in which `number` counts; 0 for none. Written under the lock, read anywhere.
  let version: M.Word
  /// The number; kept when its version is over. Written under the lock, read anywhere.
  let number: M.Word
  /// Of each vCPU, whether it is asked to write its register (KVM_REQ_UPDATE_HGATP).
  let requests: Bank<M.Word>
  /// Of each vCPU, the pCPU whose guest it left last. Belongs to who runs the vCPU.
  let lastExit: Bank<M.Cell>
}

/// The parts of the allocator. Handles and numbers; they never change.
struct RISCVKVMParts<M: Machine>: Sendable {
  /// One past the highest number that may be handed out.
  let numberLimit: UInt64
  let vcpusPerVM: Int

  /// The current version, from 1. Written under the lock, read without.
  let version: M.Word
  /// Guards `nextNumber`; held with interrupts as they are, on.
  let lock: Lock<M.Word>
  /// The number that is handed out next; 0 if a rollover must come first, as it must at the start.
  /// Guarded by `lock`.
  let nextNumber: M.Cell
  /// The number in each pCPU's register.
  let hgatp: Bank<M.Cell>
}

extension RISCVKVM {
  var numberLimit: UInt64 { parts.value.numberLimit }
  var version: M.Word { parts.value.version }
  var lock: Lock<M.Word> { parts.value.lock }
  var nextNumber: M.Cell { parts.value.nextNumber }
  var hgatp: Bank<M.Cell> { parts.value.hgatp }
}
