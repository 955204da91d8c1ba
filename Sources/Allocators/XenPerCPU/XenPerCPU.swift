// Xen's numbers per pCPU: ASIDs and VPIDs on x86 (xen/arch/x86/hvm/asid.c, since 7aab6d6523) and
// VMIDs on RISC-V (xen/arch/riscv/vmid.c, bff3b9ea46). One algorithm, no lock, no shared state.

import Domain
import Machines

/// The allocator. Each pCPU hands out its own numbers in turn, and each vCPU remembers the number
/// that it got and the generation of the pCPU that it got it from.
///
/// When a pCPU's numbers run out it starts a new generation by itself: every vCPU that comes finds
/// its own generation old and gets a new number. Number 1 is the first of a generation, so whoever
/// gets it empties the pCPU's TLB. Generation 0 never is: it is how a number is taken away.
///
/// A generation says nothing of the pCPU that it belongs to, and all count from 1. A vCPU that comes
/// to another pCPU must lose its number, or it enters with one that may be somebody else's there.
///
/// To remove a page's translations, x86 takes the numbers of all of a domain's vCPUs away and
/// throws them out of the guest. Each entry decides with interrupts off in Xen. Here the world asks
/// first and masks interrupts afterwards, so the last look asks again.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct XenPerCPU<M: CallingMachine, Rules: XenPerCPURules>: TagAllocator {
  public typealias VM = XenPerCPUVM<M>
  public typealias VCPU = XenPerCPUVCPU<M>

  let parts: Fixed<XenPerCPUParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let bits = Rules.tagBits(configuration)
    parts = memory.fixed(
      XenPerCPUParts(
        highest: UInt64(min(configuration.usableTags, (1 << bits) - 1)),
        isOn: bits >= Rules.leastTagBits, vcpusPerVM: configuration.vcpusPerVM,
        generation: memory.cells(
          configuration.pcpuCount, initially: 1, named: "generation of pCPU"),
        next: memory.cells(configuration.pcpuCount, initially: 1, named: "next of pCPU")))
  }

  public func makeVM(in memory: M.Memory) -> XenPerCPUVM<M> {
    let count = parts.value.vcpusPerVM
    return XenPerCPUVM(
      generations: memory.words(count, initially: 0, .packed, named: "generation"),
      numbers: memory.cells(count, initially: 0, named: "number"),
      lastPCPUs: memory.cells(count, initially: 0, named: "launch pCPU"))
  }

  public func makeVCPU(
    _ number: Int, of vm: XenPerCPUVM<M>, in memory: M.Memory
  ) -> XenPerCPUVCPU<M> {
    XenPerCPUVCPU(
      generation: vm.generations[number], number: vm.numbers[number],
      lastPCPU: vm.lastPCPUs[number])
  }

  /// New vCPUs have no number and have been nowhere.
  public func createVM(_ vm: XenPerCPUVM<M>, on m: M) throws(AllocationError) {
    for vcpu in 0..<parts.value.vcpusPerVM {
      m.store(vm.generations[vcpu], 0, .relaxed, at: XenPerCPUSites.createGeneration)
      m.write(vm.lastPCPUs[vcpu], 0)
    }
  }

  /// Nothing: the numbers stay used up until their pCPUs' next generation.
  public func destroyVM(_ vm: XenPerCPUVM<M>, on m: M) {}

  // MARK: Entering

  @inline(__always)
  public func load(_ vcpu: XenPerCPUVCPU<M>, of vm: XenPerCPUVM<M>, on m: M) {
    Rules.arrive(vcpu, on: m)
  }

  /// hvm_asid_handle_vmenter, vmid_handle_vmenter, and the flush that they ask for.
  ///
  /// Relaxed: only this pCPU writes a generation that is not 0, and a 0 that comes later is seen by
  /// the last look.
  @inline(__always)
  public func prepareEntry(
    _ vcpu: XenPerCPUVCPU<M>, of vm: XenPerCPUVM<M>, on m: M
  ) -> Entry {
    if !isOn { return prepareWithoutNumbers(vcpu, on: m) }
    let current = m.read(generation[m.pcpu])
    if m.load(vcpu.generation, .relaxed, at: XenPerCPUSites.firstGeneration) == current {
      return Entry(tag: Tag(m.read(vcpu.number)), tookFastPath: true)
    }
    return Entry(tag: renew(vcpu, on: m), tookFastPath: false)
  }

  /// The next number of this pCPU.
  @inline(never)
  private func renew(_ vcpu: XenPerCPUVCPU<M>, on m: M) -> Tag {
    let generation = generation[m.pcpu]
    let next = next[m.pcpu]
    if m.read(next) > parts.value.highest {
      // 64 bits: a generation that comes round to 0 is not modelled.
      m.write(generation, m.read(generation) + 1)
      m.write(next, 1)
      m.note(.rollovers)
    }
    let number = m.read(next)
    m.write(next, number + 1)
    m.write(vcpu.number, number)
    // A 0 that a remote flush has put there meanwhile may be lost: nothing is in the TLB under the
    // new number, and what it fills from is the changed table.
    m.store(
      vcpu.generation, m.read(generation), .relaxed, at: XenPerCPUSites.renewGeneration)
    if number == 1 { Rules.flushForFirstNumber(on: m) }
    return Tag(number)
  }

  /// All vCPUs of this pCPU have the same number, or none, so none may find another's entries.
  @inline(never)
  private func prepareWithoutNumbers(_ vcpu: XenPerCPUVCPU<M>, on m: M) -> Entry {
    m.write(vcpu.number, Rules.numberWhenOff)
    Rules.flushWhenOff(on: m)
    return Entry(tag: Tag(Rules.numberWhenOff), tookFastPath: true)
  }

  /// Whether the number has not been taken away since it was decided.
  ///
  /// Whoever takes it away writes first and calls then. A call that came before interrupts were
  /// masked has been answered, and its 0 is seen here; one that comes later is answered when the
  /// guest has been left, and its caller waits for that.
  @inline(__always)
  public func mayEnter(_ vcpu: XenPerCPUVCPU<M>, of vm: XenPerCPUVM<M>, on m: M) -> Bool {
    if !isOn { return true }
    return m.load(vcpu.generation, .relaxed, at: XenPerCPUSites.lastGeneration)
      == m.read(generation[m.pcpu])
  }

  /// The number alone: generations of different pCPUs cannot be compared.
  @inline(__always)
  public func lateID(
    of vcpu: XenPerCPUVCPU<M>, of vm: XenPerCPUVM<M>, on m: M
  ) -> TagID {
    TagID(tag: Tag(m.read(vcpu.number)), generation: 0)
  }

  // MARK: Leaving

  /// Nothing: the number stays the vCPU's.
  @inline(__always)
  public func put(_ vcpu: XenPerCPUVCPU<M>, of vm: XenPerCPUVM<M>, on m: M) {}

  /// Nobody knows the numbers that the domain has on other pCPUs.
  public func flush(page: UInt64, of vm: XenPerCPUVM<M>, on m: M) { Rules.flush(vm, on: m) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenPerCPU {
  public static var makesCalls: Bool { Rules.makesCalls }

  /// One number would do. A new generation is a pCPU's own affair: O5 and O6 have nothing to look
  /// at. A number belongs to one vCPU, so none finds another's translations (O12).
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .pcpu, oracles: [.o3, .o4, .o7, .o8, .o9, .o12],
      leastTagBits: Rules.leastTagBits
    ) { _, _ in 1 }
  }

  public static var sites: [SiteDescription] { XenPerCPUSites.table }

  /// The first vCPU of each VM holds the VM's number on pCPU 0, in its first generation. Every
  /// pCPU has handed out as many as the highest of them, or all.
  public func start(from state: InitialState, vms: [XenPerCPUVM<M>], on m: M) {
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.write(vm.numbers[0], number)
      m.write(vm.lastPCPUs[0], 1)
      m.store(vm.generations[0], 1, .relaxed, at: XenPerCPUSites.createGeneration)
    }
    let last = state.full ? parts.value.highest : state.numbers.max() ?? 0
    for pcpu in 0..<next.count { m.write(next[pcpu], last + 1) }
  }
}

/// What the allocator keeps of a domain: its vCPUs' state, side by side.
public struct XenPerCPUVM<M: Machine>: Sendable {
  /// Of each vCPU, the generation in which its number counts; 0 for none. Written by the pCPU that
  /// has it loaded; others only take it away.
  let generations: Bank<M.Word>
  /// Of each vCPU, its number.
  let numbers: Bank<M.Cell>
  /// Of each vCPU, the pCPU that ran it last, + 1; 0 for none.
  let lastPCPUs: Bank<M.Cell>
}

/// The same of one vCPU. The cells belong to who has it loaded.
public struct XenPerCPUVCPU<M: Machine>: Sendable {
  let generation: M.Word
  let number: M.Cell
  let lastPCPU: M.Cell
}

/// The parts of the allocator. Handles and numbers; they never change.
struct XenPerCPUParts<M: Machine>: Sendable {
  /// The highest number that may be handed out.
  let highest: UInt64
  /// Whether the hardware has numbers.
  let isOn: Bool
  /// vCPUs of each VM.
  let vcpusPerVM: Int
  /// Of each pCPU, its generation, from 1. Its own.
  let generation: Bank<M.Cell>
  /// Of each pCPU, the number that it hands out next. Its own.
  let next: Bank<M.Cell>
}

extension XenPerCPU {
  var isOn: Bool { parts.value.isOn }
  var generation: Bank<M.Cell> { parts.value.generation }
  var next: Bank<M.Cell> { parts.value.next }
}
