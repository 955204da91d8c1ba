// KVM's VMID allocator on arm before 2021, bare: need-new test, slow path, last look, leaving.
//
// The form merged in 2013, with the order of publication of fb544d1ca65a (2018): number first, then
// generation. Its words and their accesses only, each once; what the run loop does around them is
// the world's. The kernel's names stand in the site table (`KVMArmBareSites`).

import Domain
import Machines

/// The allocator. A VM has a generation and a number; the number counts in that generation only.
///
/// Numbers are handed out in turn and never taken back. When they run out a rollover starts a new
/// generation, waits until every other pCPU has been out of its guest once, and flushes every TLB.
/// Nobody's number is kept: whoever enters after that finds its VM's generation old. What makes
/// this safe is the last look. A pCPU says that it is about to enter, makes a full barrier, and
/// tests the generation again; a rollover bumps the generation, makes a full barrier, and waits
/// for those who said so. Either the pCPU sees the new generation and stays out, or the rollover
/// sees the mark and waits.
///
/// `Rules` are the steps that a fault may replace; those of `KVMArmBareAsMerged` are all right ones.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct KVMArmBare<M: Machine, Rules: KVMArmBareRules>: TagAllocator {
  public typealias VM = KVMArmBareVM<M>
  public typealias VCPU = Void

  let parts: Fixed<KVMArmBareParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    parts = memory.fixed(
      KVMArmBareParts(
        numberLimit: UInt64(configuration.usableTags) + 1,
        generation: memory.word(initially: 1, named: "generation"),
        lock: memory.lock(named: "lock"),
        nextNumber: memory.cell(initially: 1, named: "next"),
        entering: memory.words(
          configuration.pcpuCount, initially: 0, configuration.perPCPUWords, named: "irqoff")))
  }

  public func makeVM(in memory: M.Memory) -> KVMArmBareVM<M> {
    KVMArmBareVM(
      generation: memory.word(initially: 0, named: "VM generation"),
      number: memory.word(initially: 0, named: "VM number"))
  }

  public func makeVCPU(_ number: Int, of vm: KVMArmBareVM<M>, in memory: M.Memory) {}

  /// Generation 0 never was: the first entry needs a number.
  public func createVM(_ vm: KVMArmBareVM<M>, on m: M) throws(AllocationError) {
    m.store(vm.generation, 0, .relaxed, at: KVMArmBareSites.createGeneration)
  }

  /// Nothing: the number stays used up until the next rollover.
  public func destroyVM(_ vm: KVMArmBareVM<M>, on m: M) {}

  // MARK: Entering

  /// update_vttbr. A test that is out of date does no harm: `mayEnter` tests again.
  ///
  /// No tag is active before the entry, so none is published: until the last look another vCPU of
  /// the VM may get a new number for it, and that one is right then.
  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: KVMArmBareVM<M>, on m: M) -> Entry {
    if needsNumber(
      vm, at: KVMArmBareSites.firstGeneration, KVMArmBareSites.firstVMGeneration, on: m)
    {
      return renewUnderLock(vm, on: m)
    }
    return Entry(tag: .undecided, tookFastPath: true)
  }

  /// The run loop's last look, interrupts off.
  ///
  /// The full barrier pairs with that of the rollover's bump (see the type).
  @inline(__always)
  public func mayEnter(_ vcpu: Void, of vm: KVMArmBareVM<M>, on m: M) -> Bool {
    m.store(entering[m.pcpu], 1, .relaxed, at: KVMArmBareSites.markEntering)
    m.fence(.full, at: KVMArmBareSites.enteringBarrier)
    return !needsNumber(
      vm, at: KVMArmBareSites.lastGeneration, KVMArmBareSites.lastVMGeneration, on: m)
  }

  /// The number alone. The generation was read at the last look; to read it again would pair two
  /// reads of which the algorithm promises nothing. 0 says that there is none to judge: it never
  /// goes back.
  @inline(__always)
  public func lateID(of vcpu: Void, of vm: KVMArmBareVM<M>, on m: M) -> TagID {
    let number = m.load(vm.number, .relaxed, at: KVMArmBareSites.lateNumber)
    return TagID(tag: Tag(number), generation: 0)
  }

  /// need_new_vmid_gen. The acquire pairs with the release in `KVMArmBareRules.publish`: whoever
  /// sees a generation reads its number afterwards.
  @inline(__always)
  func needsNumber(
    _ vm: KVMArmBareVM<M>, at generationSite: Site, _ vmSite: Site, on m: M
  ) -> Bool {
    let current = m.load(generation, .relaxed, at: generationSite)
    return m.load(vm.generation, .acquire, at: vmSite) != current
  }

  // MARK: Leaving

  /// Release: a rollover that sees the mark gone comes after all that the guest did.
  @inline(__always)
  public func exited(_ vcpu: Void, of vm: KVMArmBareVM<M>, on m: M) {
    m.store(entering[m.pcpu], 0, .release, at: KVMArmBareSites.leaveEntering)
  }

  @inline(__always)
  public func entryAborted(_ vcpu: Void, of vm: KVMArmBareVM<M>, on m: M) {
    m.store(entering[m.pcpu], 0, .relaxed, at: KVMArmBareSites.abortEntering)
  }

  /// Nothing: a VM's number does not depend on where it runs.
  @inline(__always)
  public func put(_ vcpu: Void, of vm: KVMArmBareVM<M>, on m: M) {}

  /// __kvm_tlb_flush_vmid_ipa: the number is read after the caller's barrier.
  public func flush(page: UInt64, of vm: KVMArmBareVM<M>, on m: M) {
    let number = m.load(vm.number, .relaxed, at: KVMArmBareSites.flushNumber)
    m.invalidate(.page(Tag(number), page: page), on: .everyPCPU, at: KVMArmBareSites.flushPage)
    m.waitForInvalidations(at: KVMArmBareSites.flushPageWait)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension KVMArmBare {
  /// No number is kept over a rollover, so one would do; but with fewer than pCPUs the running
  /// guests throw each other out all the time.
  public static var traits: AllocatorTraits {
    AllocatorTraits(tagScope: .machine, leastTags: { pcpus, _ in pcpus })
  }

  public static var sites: [SiteDescription] { KVMArmBareSites.table }

  /// The VMs hold their numbers in the first generation; the next number is the one behind the
  /// highest of them, or none if all count as taken.
  public func start(from state: InitialState, vms: [KVMArmBareVM<M>], on m: M) {
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.store(vm.number, number, .relaxed, at: KVMArmBareSites.publishNumber)
      m.store(vm.generation, 1, .relaxed, at: KVMArmBareSites.createGeneration)
    }
    let highest = state.full ? numberLimit - 1 : state.numbers.max() ?? 0
    m.write(nextNumber, following(highest))
  }
}

/// What the allocator keeps of a VM.
public struct KVMArmBareVM<M: Machine>: Sendable {
  /// The generation in which `number` counts; 0 for none. Written under the lock, read anywhere.
  let generation: M.Word
  /// The number; kept when its generation is over. Written under the lock, read anywhere.
  let number: M.Word
}

/// The parts of the allocator. Handles and numbers; they never change.
struct KVMArmBareParts<M: Machine>: Sendable {
  /// One past the highest number that may be handed out.
  let numberLimit: UInt64

  /// The current generation, from 1. Written under the lock, read without.
  let generation: M.Word
  /// Guards `nextNumber`; held with interrupts on (see `renewUnderLock`).
  let lock: Lock<M.Word>
  /// The number that is handed out next; 0 if a rollover must come first. Guarded by `lock`.
  let nextNumber: M.Cell
  /// Of each pCPU, whether it is in its guest or about to enter it, interrupts off: where the
  /// kernel asks for the vCPU's mode and sends an interrupt. Its pCPU writes, a rollover reads.
  let entering: Bank<M.Word>
}

extension KVMArmBare {
  var numberLimit: UInt64 { parts.value.numberLimit }
  var generation: M.Word { parts.value.generation }
  var lock: Lock<M.Word> { parts.value.lock }
  var nextNumber: M.Cell { parts.value.nextNumber }
  var entering: Bank<M.Word> { parts.value.entering }
}
