// Xen's VMID allocator on Arm: a number per domain for life, one bitmap, one lock, and a flush
// before a number's first use. xen/arch/arm/p2m.c and xen/arch/arm/mmu/p2m.c, as of 4.20.

import Domain
import Machines

/// The allocator. Unlike a design that marks the numbers that come back, it trusts no number: the
/// first thing that is done under a new domain's number, once its table is made, is to flush it
/// everywhere.
///
/// Two vCPUs of a domain share its number, but a guest's own translations are a vCPU's own. So the
/// pCPU remembers which of the domain's vCPUs it ran last, and drops the number's entries when
/// another one comes.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct XenArm<M: Machine>: TagAllocator {
  public typealias VM = XenArmVM<M>
  /// Its number among the domain's, + 1.
  public typealias VCPU = UInt64

  let parts: Fixed<XenArmParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    // The width that all CPUs of the system have. Number 0 stands for "none".
    let highest = min(configuration.usableTags, (1 << configuration.hardwareTagBits) - 1)
    parts = memory.fixed(
      XenArmParts(
        highest: highest, pcpuCount: configuration.pcpuCount,
        lock: memory.lock(named: "lock"),
        taken: NumberMap(highest: highest, named: "VMIDs taken", in: memory)))
  }

  public func makeVM(in memory: M.Memory) -> XenArmVM<M> {
    XenArmVM(
      number: memory.cell(initially: 0, named: "VMID"),
      lastRan: memory.cells(parts.value.pcpuCount, initially: 0, named: "last vCPU ran"))
  }

  public func makeVCPU(_ number: Int, of vm: XenArmVM<M>, in memory: M.Memory) -> UInt64 {
    UInt64(number + 1)
  }

  // MARK: The domain's life

  /// p2m_init, which takes a number, and p2m_alloc_table, which flushes it.
  public func createVM(_ vm: XenArmVM<M>, on m: M) throws(AllocationError) {
    m.acquire(lock, at: XenArmSites.allocLock)
    let number = taken.firstMissing(upTo: parts.value.highest, on: m)
    if let number {
      taken.insert(number, on: m)
      m.tagAllocated(Tag(number))
    }
    m.release(lock, at: XenArmSites.allocUnlock)
    guard let number else { throw .exhausted }
    m.write(vm.number, number)
    for pcpu in 0..<vm.lastRan.count { m.write(vm.lastRan[pcpu], 0) }
    m.invalidate(.tag(Tag(number)), on: .everyPCPU, at: XenArmSites.firstFlush)
    m.waitForInvalidations(at: XenArmSites.firstFlushWait)
  }

  /// p2m_final_teardown: nothing is flushed; whoever gets the number next does it.
  public func destroyVM(_ vm: XenArmVM<M>, on m: M) {
    m.acquire(lock, at: XenArmSites.freeLock)
    let number = m.read(vm.number)
    taken.remove(number, on: m)
    m.tagFreed(Tag(number))
    m.release(lock, at: XenArmSites.freeUnlock)
  }

  // MARK: Entering

  /// p2m_restore_state.
  @inline(__always)
  public func load(_ vcpu: UInt64, of vm: XenArmVM<M>, on m: M) {
    let last = m.read(vm.lastRan[m.pcpu])
    if last == vcpu { return }
    if last != 0 {
      m.invalidate(.tag(Tag(m.read(vm.number))), on: .thisPCPU, at: XenArmSites.otherVCPUFlush)
    }
    m.write(vm.lastRan[m.pcpu], vcpu)
  }

  @inline(__always)
  public func prepareEntry(_ vcpu: UInt64, of vm: XenArmVM<M>, on m: M) -> Entry {
    Entry(tag: Tag(m.read(vm.number)), tookFastPath: true)
  }

  @inline(__always)
  public func lateID(of vcpu: UInt64, of vm: XenArmVM<M>, on m: M) -> TagID {
    TagID(tag: Tag(m.read(vm.number)), generation: 0)
  }

  // MARK: Leaving

  /// Nothing: a domain's number does not depend on where it runs.
  @inline(__always)
  public func put(_ vcpu: UInt64, of vm: XenArmVM<M>, on m: M) {}

  /// p2m_tlb_flush_sync: all of the number's entries, everywhere.
  public func flush(page: UInt64, of vm: XenArmVM<M>, on m: M) {
    m.invalidate(.tag(Tag(m.read(vm.number))), on: .everyPCPU, at: XenArmSites.flush)
    m.waitForInvalidations(at: XenArmSites.flushWait)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenArm {
  /// Every domain needs a number, whether it runs or not. Nothing rolls over: O5 and O6 have nothing
  /// to look at.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: [.o1, .o2, .o3, .o4, .o7, .o8, .o9, .o11, .o12]
    ) { _, vms in vms }
  }

  public static var sites: [SiteDescription] { XenArmSites.table }

  /// Nothing: every domain has had its number since it was created, in their order.
  public func start(from state: InitialState, vms: [XenArmVM<M>], on m: M) {}

  var lock: Lock<M.Word> { parts.value.lock }
  var taken: NumberMap<M> { parts.value.taken }
}

/// What the allocator keeps of a domain.
public struct XenArmVM<M: Machine>: Sendable {
  /// The domain's number. Written while it is created.
  let number: M.Cell
  /// Of each pCPU, which of the domain's vCPUs ran there last, + 1; 0 for none. Its pCPU's own while
  /// the domain lives.
  let lastRan: Bank<M.Cell>
}

/// The parts of the allocator. Handles and numbers; they never change.
struct XenArmParts<M: Machine>: Sendable {
  /// The highest number that may be handed out.
  let highest: Int
  /// Possible pCPUs.
  let pcpuCount: Int
  /// Guards `taken`.
  let lock: Lock<M.Word>
  /// The numbers that domains have.
  let taken: NumberMap<M>
}
