// The contract between an allocator and the world that drives it. KVM's run loop is the model:
// a vCPU is loaded onto a pCPU, enters its guest once or more, and is put.

import Domain
import Machines

/// An allocator of TLB tags, written once for every machine.
///
/// The state is a struct of handles and nothing else: no class, no array, nothing to release. All
/// methods of one vCPU are called by the pCPU that has it loaded; those of different pCPUs run
/// at the same time.
public protocol TagAllocator<M>: Sendable {
  /// The machine it runs on.
  associatedtype M: Machine
  /// What it keeps per VM.
  associatedtype VM: Sendable
  /// What it keeps per vCPU; `Void` if nothing.
  associatedtype VCPU: Sendable

  /// What the world must know of it.
  static var traits: AllocatorTraits { get }
  /// What becomes of a context when its guest is left.
  static var contextLife: ContextLife { get }
  /// Whether it calls other pCPUs: guests then look whether they are called.
  static var makesCalls: Bool { get }
  /// Whether `createVM` may fail in a run: the place stays empty then, until a later attempt succeeds.
  /// Where it may not, a failure is a bug.
  static var creationMayFail: Bool { get }
  /// Whether its tags stand for keys under which guests' memory is encrypted, so that guests leave cache
  /// lines under their tags.
  static var encrypts: Bool { get }
  /// Whether its guests may be hypervisors with guests of their own. Then it is told what they do.
  static var nests: Bool { get }
  /// Whether it keeps its VMs' tables itself, with levels: guests then walk `tables`, and it is asked to
  /// serve their faults and to change mappings. Where it does not, the world keeps flat ones.
  static var keepsTables: Bool { get }

  /// Makes the allocator's own state, before the pCPUs start.
  init(_ configuration: AllocatorConfiguration, in memory: M.Memory)
  /// Makes the state of one VM's place, before the pCPUs start. VMs come and go in it.
  func makeVM(in memory: M.Memory) -> VM
  /// The same, for whoever must know which place it is.
  func makeVM(at slot: VMSlot, in memory: M.Memory) -> VM
  /// Makes the state of vCPU `number` of `vm`, before the pCPUs start.
  func makeVCPU(_ number: Int, of vm: VM, in memory: M.Memory) -> VCPU
  /// Puts what is needed into memory before any VM is created and the pCPUs start.
  func prepare(on m: M)
  /// Puts the state that a scenario asks for in place of the fresh one, before the pCPUs start.
  func start(from state: InitialState, vms: [VM], on m: M)

  /// A new VM lives in `vm` from here on; if it throws, none does.
  func createVM(_ vm: VM, on m: M) throws(AllocationError)
  /// The VM in `vm` is gone; none of its vCPUs is loaded anywhere.
  func destroyVM(_ vm: VM, on m: M)

  /// `vcpu` is loaded onto this pCPU (vcpu_load).
  func load(_ vcpu: VCPU, of vm: VM, on m: M)
  /// Decides under which tag the next entry is made. The caller is not preemptible from here until
  /// `exited` or `entryAborted`.
  func prepareEntry(_ vcpu: VCPU, of vm: VM, on m: M) -> Entry
  /// The tag that the hardware gets: read late, interrupts off, just before the entry.
  func lateID(of vcpu: VCPU, of vm: VM, on m: M) -> TagID
  /// The last look before the entry, interrupts off: whether the entry may be made at all.
  func mayEnter(_ vcpu: VCPU, of vm: VM, on m: M) -> Bool
  /// The entry was prepared and not made.
  func entryAborted(_ vcpu: VCPU, of vm: VM, on m: M)
  /// The guest was left; the vCPU stays loaded.
  func exited(_ vcpu: VCPU, of vm: VM, on m: M)
  /// `vcpu` leaves this pCPU (vcpu_put).
  func put(_ vcpu: VCPU, of vm: VM, on m: M)

  /// A device shares the address space of `vm` from here on: its number stays as it is until as many
  /// `unpin`s have come. Returns the number; `.undecided` if it can't be pinned.
  func pin(_ vm: VM, on m: M) -> Tag
  /// A device that shared the address space of `vm` no longer does.
  func unpin(_ vm: VM, on m: M)

  /// L1, which this pCPU has just left, runs a guest of its own: until `exitNested` it is that one that
  /// is entered. `virtualASID`, not 0, is the tag that L1 gives it; `control` is what L1 wants flushed.
  func enterNested(
    _ vcpu: VCPU, of vm: VM, virtualASID: UInt64, control: TLBControl, on m: M)
  /// The guest of L1, which is not running, gives way to L1.
  func exitNested(_ vcpu: VCPU, of vm: VM, on m: M)
  /// L1, which this pCPU has just left, invalidates `page` under `virtualASID`, one that it gives to a
  /// guest of its own, or under 0, its own.
  func invalidate(
    page: UInt64, virtualASID: UInt64, _ vcpu: VCPU, of vm: VM, on m: M)

  /// A translation of `vm` has changed (MMU notifier): removes `page` from every TLB. The caller
  /// has changed the table and made a full barrier.
  func flush(page: UInt64, of vm: VM, on m: M)

  /// What the hardware needs to walk the tables of `vm`; nil where the world keeps them.
  func tables(of vm: VM) -> Stage2Root<M.Word>?
  /// A guest of `vm`, whose pCPU asks for it, cannot use `page`, or not write to it.
  func serveFault(_ page: UInt64, writes: Bool, of vm: VM, on m: M)
  /// The host changes what `vm` has. The caller makes sure that the VM does not end meanwhile.
  func change(_ change: TableChange, of vm: VM, on m: M)

  /// The site table, in the order of the numbers.
  static var sites: [SiteDescription] { get }
}

extension TagAllocator {
  /// As KVM's.
  @inlinable public static var contextLife: ContextLife { .untilExit }
  /// None.
  @inlinable public static var makesCalls: Bool { false }
  /// There is always a tag.
  @inlinable public static var creationMayFail: Bool { false }
  /// Tags are tags.
  @inlinable public static var encrypts: Bool { false }
  /// No.
  @inlinable public static var nests: Bool { false }
  /// No.
  @inlinable public static var keepsTables: Bool { false }
  /// Any place is as good.
  @inlinable public func makeVM(at slot: VMSlot, in memory: M.Memory) -> VM { makeVM(in: memory) }
  /// Nothing.
  @inlinable public func prepare(on m: M) {}
  /// The world keeps them.
  @inlinable public func tables(of vm: VM) -> Stage2Root<M.Word>? { nil }
  /// Nobody asks.
  @inlinable public func serveFault(_ page: UInt64, writes: Bool, of vm: VM, on m: M) {}
  /// Nobody asks.
  @inlinable public func change(_ change: TableChange, of vm: VM, on m: M) {}
  /// Nobody asks.
  @inlinable
  public func enterNested(
    _ vcpu: VCPU, of vm: VM, virtualASID: UInt64, control: TLBControl, on m: M
  ) {}
  /// Nobody asks.
  @inlinable public func exitNested(_ vcpu: VCPU, of vm: VM, on m: M) {}
  /// Nobody asks.
  @inlinable
  public func invalidate(
    page: UInt64, virtualASID: UInt64, _ vcpu: VCPU, of vm: VM, on m: M
  ) {}
  /// Nothing to do at load.
  @inlinable @inline(__always) public func load(_ vcpu: VCPU, of vm: VM, on m: M) {}
  /// Every prepared entry may be made.
  @inlinable @inline(__always)
  public func mayEnter(_ vcpu: VCPU, of vm: VM, on m: M) -> Bool { true }
  /// Nothing to undo.
  @inlinable @inline(__always) public func entryAborted(_ vcpu: VCPU, of vm: VM, on m: M) {}
  /// No number can be pinned.
  @inlinable public func pin(_ vm: VM, on m: M) -> Tag { .undecided }
  /// Nothing was pinned.
  @inlinable public func unpin(_ vm: VM, on m: M) {}
  /// Nothing to do at an exit.
  @inlinable @inline(__always) public func exited(_ vcpu: VCPU, of vm: VM, on m: M) {}
}

/// What becomes of the hardware context when its guest is left.
public enum ContextLife: Sendable {
  /// It is dead at the exit, so never live in `load` or `prepareEntry`: hypervisors.
  case untilExit
  /// It stays until the next one replaces it: kernels, which switch from one process to the next.
  case untilReplaced
  /// A neutral one, which fills nothing that has a tag, replaces it before `load`.
  case untilSwitch
}

extension AllocatorTraits {
  /// The oracles that judge a run: those of `oracles`, less those that compare pCPUs where tags are
  /// a pCPU's own, and progress, which is always asked for.
  public var judges: Set<OracleID> {
    (tagScope == .machine ? oracles : oracles.subtracting([.o1, .o2])).union([.o9])
  }
}

/// What the world and the oracles must know of an allocator.
public struct AllocatorTraits: Sendable {
  /// Whether one number means one VM on the whole machine or only on one pCPU.
  public enum TagScope: String, Sendable { case machine, pcpu }

  /// Where a number is unique.
  public let tagScope: TagScope
  /// The oracles that apply.
  public let oracles: Set<OracleID>
  /// Whether a number can be pinned: held for a device, whoever runs.
  public let canPin: Bool
  /// Whether it is made for pCPUs that share a TLB.
  public let mayShareTLB: Bool
  /// The least usable tags that so many pCPUs and VMs need.
  public let leastTags: @Sendable (_ pcpus: Int, _ vms: Int) -> Int
  /// The share of entries below which a missing fast path is worth reading (O9, SUSPICIOUS).
  public let fastPathFloor: Double
  /// The last words of the names of words that hold ids: generation << tag bits | number. Stories
  /// print them so.
  public let idWords: Set<String>
  /// Whether tag 0 means that a guest runs untagged: any number of them at a time, as long as each
  /// entry flushes. Not a tag for O2, and in range for O7 where the entry flushes.
  public let allowsUntagged: Bool
  /// Hardware that keeps fewer bits of a tag has none for this system: every guest gets the same one,
  /// and O1, O2 and O7 have nothing to judge.
  public let leastTagBits: Int

  /// The traits of one allocator.
  public init(
    tagScope: TagScope, oracles: Set<OracleID> = OracleID.common,
    fastPathFloor: Double = 0.01, idWords: Set<String> = [],
    canPin: Bool = false, mayShareTLB: Bool = false,
    allowsUntagged: Bool = false, leastTagBits: Int = 0,
    leastTags: @escaping @Sendable (_ pcpus: Int, _ vms: Int) -> Int
  ) {
    self.tagScope = tagScope
    self.oracles = oracles
    self.leastTags = leastTags
    self.fastPathFloor = fastPathFloor
    self.idWords = idWords
    self.canPin = canPin
    self.mayShareTLB = mayShareTLB
    self.allowsUntagged = allowsUntagged
    self.leastTagBits = leastTagBits
  }

  /// Whether hardware that keeps so many bits of a tag tells this system's guests apart.
  func tellsApart(_ hardwareTagBits: Int) -> Bool { hardwareTagBits >= leastTagBits }
}

/// The size of an allocator.
public struct AllocatorConfiguration: Sendable, Equatable {
  /// Bits of a tag, 1 to 16, as the allocator believes.
  public let tagBits: Int
  /// Bits of a tag that the hardware keeps: what a probe reads back. 0 to `tagBits`.
  public let hardwareTagBits: Int
  /// Tags that may be handed out: 1 ... `usableTags`.
  public var usableTags: Int
  /// Possible pCPUs.
  public let pcpuCount: Int
  /// vCPUs of each VM.
  public let vcpusPerVM: Int
  /// Where per-pCPU words lie: on lines of their own, or side by side to measure false sharing.
  public let perPCPUWords: Placement
  /// The tables of an allocator that keeps them.
  public var tables: TablePlan?

  /// A configuration; `usableTags` defaults to all but 0.
  public init(
    tagBits: Int, hardwareTagBits: Int? = nil, usableTags: Int? = nil, pcpuCount: Int,
    vcpusPerVM: Int = 1, perPCPUWords: Placement = .ownLine, tables: TablePlan? = nil
  ) {
    self.tables = tables
    self.tagBits = tagBits
    self.hardwareTagBits = hardwareTagBits ?? tagBits
    self.vcpusPerVM = vcpusPerVM
    self.usableTags = usableTags ?? (1 << tagBits) - 1
    self.pcpuCount = pcpuCount
    self.perPCPUWords = perPCPUWords
  }
}

/// The state from which a scenario starts instead of a fresh one.
public struct InitialState: Sendable, Equatable {
  /// The number that each VM holds in the first generation; 0 for none.
  public let numbers: [UInt64]
  /// Whether all other numbers are taken, too, so that the next allocation rolls over.
  public let full: Bool

  /// A start with these numbers.
  public init(numbers: [UInt64], full: Bool) {
    self.numbers = numbers
    self.full = full
  }
}

/// An id as allocators with generations keep it: generation in the high bits, number in the low.
public struct TagID: Equatable, Sendable {
  /// The number that the hardware gets.
  public let tag: Tag
  /// The generation, not shifted; 0 for allocators without.
  public let generation: UInt64

  /// An id.
  @inlinable @inline(__always)
  public init(tag: Tag, generation: UInt64) {
    self.tag = tag
    self.generation = generation
  }
}

/// What `prepareEntry` decided.
public struct Entry: Sendable {
  /// What the entry flushes on this pCPU, and when.
  public enum Flush: Sendable {
    case nothing
    /// By the entry instruction itself, before anything can be used.
    case thisTag, everything
    /// When the new context is installed already, and before the guest runs: old translations may be
    /// found under its number until then, by the hardware alone.
    case everythingOnceInstalled
  }

  /// The number under which this pCPU is active from now on; `.undecided` if nothing is published
  /// before the entry, so that the late id alone says.
  public let tag: Tag
  /// Whether the lock-free path sufficed.
  public let tookFastPath: Bool
  /// What the entry flushes. What an allocator decides later than here, behind its last look, it
  /// flushes itself in `lateID`.
  public let flush: Flush

  /// A decision.
  @inlinable @inline(__always)
  public init(tag: Tag, tookFastPath: Bool, flush: Flush = .nothing) {
    self.tag = tag
    self.tookFastPath = tookFastPath
    self.flush = flush
  }
}

extension Tag {
  /// What an `Entry` says that publishes no number.
  @inlinable public static var undecided: Tag { Tag(0) }
}

/// Why an allocation failed.
public enum AllocationError: Error, Equatable {
  /// No number is free, and the system does not roll over.
  case exhausted
  /// There was no memory for what goes with a number.
  case outOfMemory
  /// The hardware does not take the number that there was.
  case refused
}

extension AllocationError: CustomStringConvertible {
  /// What was wanted, and what to do.
  public var description: String {
    switch self {
    case .exhausted:
      "a VM needs a tag, but none is free and the system does not roll over; lower vms or raise "
        + "tagBits"
    case .outOfMemory: "there is no memory for what goes with a new VM's tag; give --fail-every 0"
    case .refused: "the hardware does not take the tag of a new VM"
    }
  }
}
