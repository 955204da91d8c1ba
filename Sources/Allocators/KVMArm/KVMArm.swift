// KVM's VMID allocator on arm before 2021, whole: need-new test, last look, leaving. A rollover
// calls the other pCPUs, by interrupts, and its lock is held with interrupts on.
//
// Follows virt/kvm/arm/arm.c of Linux as of fb544d1ca65a (2018, lock-less again). Earlier versions
// replace steps and stand in files of their own. The kernel's names stand in the site table
// (`KVMArmSites`).

import Domain
import Machines

/// The allocator. A VM has a generation and a register value, VTTBR, whose number counts in that
/// generation only.
///
/// Numbers are handed out in turn and never taken back. When they run out a rollover starts a new
/// generation, calls every other pCPU and waits until all have come out of their guests, and
/// flushes every TLB. Nobody's number is kept: whoever enters after that finds its VM's generation
/// old. What makes this safe is the last look with interrupts off: a pCPU that looked before the new
/// generation was there cannot answer the call before it has left its guest, and one that answered
/// before it looked finds the generation old.
///
/// `Rules` are the steps that a version or a fault may replace; those of `KVMArmLockless` are all
/// right ones.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct KVMArm<M: CallingMachine, Rules: KVMArmRules>: TagAllocator {
  public typealias VM = KVMArmVM<M>
  public typealias VCPU = Void

  let parts: Fixed<KVMArmParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    parts = memory.fixed(
      KVMArmParts(
        numberLimit: UInt64(configuration.usableTags) + 1,
        generation: memory.word(initially: 1, named: "generation"),
        lock: memory.lock(named: "lock"),
        nextNumber: memory.cell(initially: 1, named: "next"),
        mode: memory.words(
          configuration.pcpuCount, initially: 0, configuration.perPCPUWords, named: "mode")))
  }

  public func makeVM(in memory: M.Memory) -> KVMArmVM<M> {
    KVMArmVM(
      generation: memory.word(initially: 0, named: "VM generation"),
      vttbr: memory.word(initially: 0, named: "vttbr"))
  }

  public func makeVCPU(_ number: Int, of vm: KVMArmVM<M>, in memory: M.Memory) {}

  /// Generation 0 never was: the first entry needs a number.
  public func createVM(_ vm: KVMArmVM<M>, on m: M) throws(AllocationError) {
    m.store(vm.generation, 0, .relaxed, at: KVMArmSites.createGeneration)
    m.store(vm.vttbr, 0, .relaxed, at: KVMArmSites.createVTTBR)
  }

  /// Nothing: the number stays used up until the next rollover.
  public func destroyVM(_ vm: KVMArmVM<M>, on m: M) {}

  // MARK: Entering

  /// update_vttbr. A test that is out of date does no harm: `mayEnter` tests again.
  ///
  /// No number is active before the entry, so none is published: until the last look another vCPU of
  /// the VM may get a new one for it, and that one is right then.
  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: KVMArmVM<M>, on m: M) -> Entry {
    if Rules.needsNumber(vm, self, on: m) { return renewUnderLock(vm, on: m) }
    return Entry(tag: .undecided, tookFastPath: true)
  }

  /// The run loop's last look, interrupts off.
  @inline(__always)
  public func mayEnter(_ vcpu: Void, of vm: KVMArmVM<M>, on m: M) -> Bool {
    Rules.markEntering(self, on: m)
    return Rules.isStillCurrent(vm, self, on: m)
  }

  /// The register's value is cached in the VM. Its generation was read at the last look; to read it
  /// again would pair two reads of which the algorithm promises nothing. 0 says that there is none
  /// to judge: it never goes back.
  @inline(__always)
  public func lateID(of vcpu: Void, of vm: KVMArmVM<M>, on m: M) -> TagID {
    TagID(tag: Tag(m.load(vm.vttbr, .relaxed, at: KVMArmSites.lateVTTBR)), generation: 0)
  }

  /// need_new_vmid_gen. The load barrier pairs with the store barrier of `KVMArmRules.publish`, and
  /// orders the machine's generation before the VM's: whoever finds the VM current reads the number
  /// of that generation or of a later one.
  @inline(__always)
  func isOld(_ vm: KVMArmVM<M>, at look: KVMArmSites.Look, on m: M) -> Bool {
    let current = m.load(generation, .relaxed, at: look.generation)
    m.fence(.loadLoad, at: look.barrier)
    return m.load(vm.generation, .relaxed, at: look.vmGeneration) != current
  }

  // MARK: Leaving

  /// Release: whoever sees the mark gone comes after all that the guest did.
  @inline(__always)
  public func exited(_ vcpu: Void, of vm: KVMArmVM<M>, on m: M) {
    m.store(mode[m.pcpu], 0, .release, at: KVMArmSites.leaveMode)
  }

  @inline(__always)
  public func entryAborted(_ vcpu: Void, of vm: KVMArmVM<M>, on m: M) {
    m.store(mode[m.pcpu], 0, .relaxed, at: KVMArmSites.abortMode)
  }

  /// Nothing: a VM's number does not depend on where it runs.
  @inline(__always)
  public func put(_ vcpu: Void, of vm: KVMArmVM<M>, on m: M) {}

  /// __kvm_tlb_flush_vmid_ipa: the number is read after the caller's barrier.
  public func flush(page: UInt64, of vm: KVMArmVM<M>, on m: M) {
    let number = m.load(vm.vttbr, .relaxed, at: KVMArmSites.flushVTTBR)
    m.invalidate(.page(Tag(number), page: page), on: .everyPCPU, at: KVMArmSites.flushPage)
    m.waitForInvalidations(at: KVMArmSites.flushPageWait)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension KVMArm {
  public static var makesCalls: Bool { true }

  /// No number is kept over a rollover, so one would do; but with fewer than pCPUs the running
  /// guests throw each other out all the time.
  public static var traits: AllocatorTraits {
    AllocatorTraits(tagScope: .machine, leastTags: { pcpus, _ in pcpus })
  }

  public static var sites: [SiteDescription] { KVMArmSites.table }

  /// The VMs hold their numbers in the first generation; the next number is the one behind the
  /// highest of them, or none if all count as taken.
  public func start(from state: InitialState, vms: [KVMArmVM<M>], on m: M) {
    for (vm, number) in zip(vms, state.numbers) where number != 0 {
      m.store(vm.vttbr, number, .relaxed, at: KVMArmSites.createVTTBR)
      m.store(vm.generation, 1, .relaxed, at: KVMArmSites.createGeneration)
    }
    let highest = state.full ? numberLimit - 1 : state.numbers.max() ?? 0
    m.write(nextNumber, following(highest))
  }
}

/// What the allocator keeps of a VM. The kernel keeps the bare number beside the register's value;
/// nobody but its writer reads it.
public struct KVMArmVM<M: Machine>: Sendable {
  /// The generation in which the number counts; 0 for none. Written under the lock, read anywhere.
  let generation: M.Word
  /// The number, as it goes into the register; kept when its generation is over. Written under the
  /// lock, read anywhere.
  let vttbr: M.Word
}

/// The parts of the allocator. Handles and numbers; they never change.
struct KVMArmParts<M: Machine>: Sendable {
  /// One past the highest number that may be handed out.
  let numberLimit: UInt64

  /// The current generation, from 1. Written under the lock, read without.
  let generation: M.Word
  /// Guards `nextNumber`; held with interrupts as they are, on.
  let lock: Lock<M.Word>
  /// The number that is handed out next; 0 if a rollover must come first. Guarded by `lock`.
  let nextNumber: M.Cell
  /// Of each pCPU, whether it is in its guest or about to enter it, interrupts off: the mode of the
  /// vCPU that is loaded. Its pCPU writes; who wants to know whether a call is needed reads.
  let mode: Bank<M.Word>
}

extension KVMArm {
  var numberLimit: UInt64 { parts.value.numberLimit }
  var generation: M.Word { parts.value.generation }
  var lock: Lock<M.Word> { parts.value.lock }
  var nextNumber: M.Cell { parts.value.nextNumber }
  var mode: Bank<M.Word> { parts.value.mode }
}
