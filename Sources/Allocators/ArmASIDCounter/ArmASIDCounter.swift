// The ASID allocator of 32-bit ARM before 2012: one counter, and a rollover that interrupts all other
// pCPUs. A VM of the world is a process here (an mm), a vCPU one of its threads.
//
// Follows arch/arm/mm/context.c of Linux as of 065cf519c329. It departs in one thing: there the
// interrupt's handler gives the process that it finds a new number on the spot; here it throws the
// process out, which asks for one before it goes on. Either way nobody runs on with an old number.

import Domain
import Machines

/// The allocator. An id is version << tagBits | number.
///
/// Numbers are handed out one by one, under a lock. When the last one is gone the version goes up, all
/// pCPUs are called and flush, and everybody needs a new number; nobody's is kept. The lock is held
/// with interrupts on, since whoever holds it waits for answers.
///
/// A process that comes back to the pCPU that ran nothing else meanwhile (lazy TLB) need not be
/// switched to: its number is in the hardware still. It must be looked at, though: the rollover found
/// nobody there to throw out (8678c1f04277).
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct ArmASIDCounter<M: CallingMachine, Rules: ArmASIDCounterRules>: TagAllocator {
  public typealias VM = ArmASIDCounterContext<M>
  /// Where the thread ran last, and which switch of that pCPU it was.
  public typealias VCPU = M.Cell

  let parts: Fixed<ArmASIDCounterParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let pcpus = configuration.pcpuCount
    parts = memory.fixed(
      ArmASIDCounterParts(
        tagBits: UInt64(configuration.tagBits),
        highestNumber: UInt64(configuration.usableTags), threads: configuration.vcpusPerVM,
        last: memory.word(initially: 1 << configuration.tagBits, named: "last"),
        lock: memory.lock(named: "lock"),
        switches: memory.cells(pcpus, initially: 0, named: "switches"),
        installed: memory.cells(pcpus, initially: 0, named: "installed"),
        isKept: memory.cells(pcpus, initially: 0, named: "is kept")))
  }

  public func makeVM(in memory: M.Memory) -> ArmASIDCounterContext<M> {
    ArmASIDCounterContext(
      id: memory.word(initially: 0, named: "id"),
      ranOn: memory.word(initially: 0, named: "ran on"),
      ranLast: memory.cells(parts.value.threads, initially: 0, named: "ran last"))
  }

  public func makeVCPU(
    _ number: Int, of vm: ArmASIDCounterContext<M>, in memory: M.Memory
  ) -> M.Cell {
    vm.ranLast[number]
  }

  /// __init_new_context. Version 0 never was: the first switch needs a number.
  public func createVM(_ vm: ArmASIDCounterContext<M>, on m: M) throws(AllocationError) {
    m.store(vm.id, 0, .relaxed, at: ArmASIDCounterSites.createID)
    m.store(vm.ranOn, 0, .relaxed, at: ArmASIDCounterSites.createRan)
    for thread in 0..<vm.ranLast.count { m.write(vm.ranLast[thread], 0) }
  }

  /// Nothing: the number stays used up until the next rollover.
  public func destroyVM(_ vm: ArmASIDCounterContext<M>, on m: M) {}

  // MARK: Switching

  /// switch_mm: nothing to do for a thread that comes back to what the hardware has, if that is
  /// still right.
  @inline(__always)
  public func load(_ vcpu: M.Cell, of vm: ArmASIDCounterContext<M>, on m: M) {
    _ = m.or(
      vm.ranOn, 1 &<< UInt64(truncatingIfNeeded: m.pcpu.index), .relaxed,
      at: ArmASIDCounterSites.markRan)
    let ranLast = m.read(vcpu)
    let isBack = ranLast != 0 && ranLast == lastSwitch(on: m)
    if isBack && Rules.isRight(m.read(installed[m.pcpu]), self, on: m) {
      m.write(isKept[m.pcpu], 1)
      return
    }
    m.write(isKept[m.pcpu], 0)
    m.write(switches[m.pcpu], m.read(switches[m.pcpu]) &+ 1)
    m.write(vcpu, lastSwitch(on: m))
  }

  /// Names the last switch on this pCPU among all.
  @inline(__always)
  private func lastSwitch(on m: M) -> UInt64 {
    UInt64(truncatingIfNeeded: m.pcpu.index &+ 1) &<< 48 | m.read(switches[m.pcpu])
  }

  /// check_context. A look that is out of date does no harm: `mayEnter` looks again.
  @inline(__always)
  public func prepareEntry(
    _ vcpu: M.Cell, of vm: ArmASIDCounterContext<M>, on m: M
  ) -> Entry {
    if m.read(isKept[m.pcpu]) != 0 { return Entry(tag: .undecided, tookFastPath: true) }
    let id = m.load(vm.id, .relaxed, at: ArmASIDCounterSites.fastID)
    guard isCurrent(id, at: ArmASIDCounterSites.fastLast, on: m) else {
      return renewUnderLock(vm, on: m)
    }
    m.write(installed[m.pcpu], id)
    return Entry(tag: .undecided, tookFastPath: true)
  }

  /// The last look, interrupts off. A rollover that this one does not see yet calls this pCPU, and is
  /// answered when the process has been left.
  @inline(__always)
  public func mayEnter(_ vcpu: M.Cell, of vm: ArmASIDCounterContext<M>, on m: M) -> Bool {
    let id = m.read(installed[m.pcpu])
    if m.read(isKept[m.pcpu]) != 0 { return Rules.isRight(id, self, on: m) }
    return isCurrent(id, at: ArmASIDCounterSites.lastLook, on: m)
  }

  @inline(__always)
  public func lateID(of vcpu: M.Cell, of vm: ArmASIDCounterContext<M>, on m: M) -> TagID {
    let id = m.read(installed[m.pcpu])
    return TagID(tag: number(of: id), generation: id &>> tagBits)
  }

  /// What the hardware has is not right any more.
  @inline(__always)
  public func entryAborted(_ vcpu: M.Cell, of vm: ArmASIDCounterContext<M>, on m: M) {
    m.write(isKept[m.pcpu], 0)
  }

  /// Nothing: a process's number does not depend on where it runs.
  @inline(__always)
  public func put(_ vcpu: M.Cell, of vm: ArmASIDCounterContext<M>, on m: M) {}

  /// flush_tlb_page: by the process's number, wherever it runs.
  public func flush(page: UInt64, of vm: ArmASIDCounterContext<M>, on m: M) {
    let id = m.load(vm.id, .relaxed, at: ArmASIDCounterSites.flushID)
    m.invalidate(
      .page(number(of: id), page: page), on: .everyPCPU, at: ArmASIDCounterSites.flushPage)
    m.waitForInvalidations(at: ArmASIDCounterSites.flushPageWait)
  }

  // MARK: Numbers

  /// __new_context.
  @inline(never)
  private func renewUnderLock(_ vm: ArmASIDCounterContext<M>, on m: M) -> Entry {
    m.acquire(lock, at: ArmASIDCounterSites.slowLock)
    // Another thread of this process may have come first.
    var id = m.load(vm.id, .relaxed, at: ArmASIDCounterSites.slowID)
    let last = m.load(self.last, .relaxed, at: ArmASIDCounterSites.slowLast)
    if (id ^ last) &>> tagBits != 0 {
      id = (number(of: last).number == highestNumber ? rollOverLocked(last, on: m) : last) &+ 1
      m.store(self.last, id, .relaxed, at: ArmASIDCounterSites.newLast)
      m.store(vm.id, id, .relaxed, at: ArmASIDCounterSites.newID)
    }
    m.release(lock, at: ArmASIDCounterSites.slowUnlock)
    m.write(installed[m.pcpu], id)
    return Entry(tag: .undecided, tookFastPath: false)
  }

  /// The version goes up first: whoever is thrown out must find its number old. Returns the new
  /// version with number 0, which is nobody's. Caller holds the lock.
  private func rollOverLocked(_ last: UInt64, on m: M) -> UInt64 {
    m.note(.rollovers)
    let next = ((last &>> tagBits) &+ 1) &<< tagBits
    m.store(self.last, next, .relaxed, at: ArmASIDCounterSites.newVersion)
    m.invalidate(.everything, on: .thisPCPU, at: ArmASIDCounterSites.ownFlush)
    m.call(PCPUSet(first: m.pcpuCount), .flushEverything, at: ArmASIDCounterSites.call)
    m.waitForCalls(at: ArmASIDCounterSites.callWait)
    return next
  }

  @inline(__always)
  func number(of id: UInt64) -> Tag { Tag(id & ((1 &<< tagBits) &- 1)) }

  @inline(__always)
  func isCurrent(_ id: UInt64, at site: Site, on m: M) -> Bool {
    (id ^ m.load(last, .relaxed, at: site)) &>> tagBits == 0
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ArmASIDCounter {
  /// Neither O5 nor O6: no flush is broadcast, and nobody stays in over a rollover. No number is kept,
  /// so one would do; but with fewer than pCPUs they would throw each other out all the time.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: OracleID.common.subtracting([.o5, .o6]),
      idWords: ["id", "last"], leastTags: { pcpus, _ in pcpus })
  }

  public static var makesCalls: Bool { true }
  public static var sites: [SiteDescription] { ArmASIDCounterSites.table }

  public func start(from state: InitialState, vms: [ArmASIDCounterContext<M>], on m: M) {
    let version: UInt64 = 1 &<< tagBits
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.store(vm.id, version | number, .relaxed, at: ArmASIDCounterSites.createID)
    }
    let highest = state.full ? highestNumber : state.numbers.max() ?? 0
    m.store(last, version | highest, .relaxed, at: ArmASIDCounterSites.newLast)
  }
}

/// What a process has: mm->context.
public struct ArmASIDCounterContext<M: Machine>: Sendable {
  /// Its id: 0 if it never had one. Written under the lock, read anywhere.
  let id: M.Word
  /// mm_cpumask: the pCPUs that it ran on. Flushes reach all of them here, so nobody reads it.
  let ranOn: M.Word
  /// Per thread: its last switch. Whoever runs the thread.
  let ranLast: Bank<M.Cell>
}

/// The parts of the allocator. Handles and numbers; they never change.
struct ArmASIDCounterParts<M: Machine>: Sendable {
  let tagBits: UInt64
  let highestNumber: UInt64
  /// Threads of each process.
  let threads: Int

  /// cpu_last_asid: the version, and the number that was handed out last. Written under the lock.
  let last: M.Word
  /// cpu_asid_lock: held with interrupts on.
  let lock: Lock<M.Word>
  /// Switches that each pCPU has made. The pCPU's own, as what follows.
  let switches: Bank<M.Cell>
  /// The id in each pCPU's hardware.
  let installed: Bank<M.Cell>
  /// Whether it was there before the thread came.
  let isKept: Bank<M.Cell>
}

extension ArmASIDCounter {
  var tagBits: UInt64 { parts.value.tagBits }
  var highestNumber: UInt64 { parts.value.highestNumber }
  var last: M.Word { parts.value.last }
  var lock: Lock<M.Word> { parts.value.lock }
  var switches: Bank<M.Cell> { parts.value.switches }
  var installed: Bank<M.Cell> { parts.value.installed }
  var isKept: Bank<M.Cell> { parts.value.isKept }
}

/// The replaceable steps.
public protocol ArmASIDCounterRules: Sendable {
  /// Whether the id in the hardware of a pCPU, to which the same thread has come back, is right.
  static func isRight<M: CallingMachine>(
    _ installed: UInt64, _ allocator: ArmASIDCounter<M, Self>, on m: M
  ) -> Bool
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ArmASIDCounterRules {
  /// If it is of the current version: ids do not change within one.
  @inline(__always)
  public static func isRight<M: CallingMachine>(
    _ installed: UInt64, _ allocator: ArmASIDCounter<M, Self>, on m: M
  ) -> Bool {
    allocator.isCurrent(installed, at: ArmASIDCounterSites.lookBack, on: m)
  }
}

/// The allocator since 8678c1f04277: nothing replaced.
public enum ArmASIDCounterAsFixed: ArmASIDCounterRules {}
