// What only some systems need of a machine. An allocator asks for the least refinement it needs,
// so that a machine need not offer what nobody on it uses.

import Domain

/// Calls to other pCPUs.
///
/// A call throws a guest out; it is delivered at operations with interrupts on. A waiter with
/// interrupts on serves calls, one with interrupts off does not.
public protocol CallingMachine: Machine {
  /// Asks each of `targets` to handle `request`.
  func call(_ targets: PCPUSet, _ request: UInt64, at site: Site)
  /// Waits until every target of this pCPU's calls has handled them.
  func waitForCalls(at site: Site)
}

/// Locks other than the spin lock.
public protocol SharedLockMachine: Machine {
  /// Takes a reader's share of `lock` (acquire).
  func acquireShared(_ lock: Lock<Word>, at site: Site)
  /// Gives it back (release).
  func releaseShared(_ lock: Lock<Word>, at site: Site)
  /// Takes `lock` alone, as a writer (acquire).
  func acquireExclusive(_ lock: Lock<Word>, at site: Site)
  /// Gives it back (release).
  func releaseExclusive(_ lock: Lock<Word>, at site: Site)
}

/// A lock whose waiter leaves the pCPU to other tasks.
public protocol SleepingLockMachine: Machine {
  /// Takes a mutex (acquire); the pCPU may run something else meanwhile.
  func acquireSleeping(_ lock: Lock<Word>, at site: Site)
  /// Gives it back (release).
  func releaseSleeping(_ lock: Lock<Word>, at site: Site)
}

/// Tasks that interrupt each other.
public protocol PreemptibleMachine: Machine {
  /// Another task's slice may run here, nested on this pCPU.
  func preemptionPoint(at site: Site)
}

/// The shape of the hardware.
public protocol TopologyMachine: Machine {
  /// The pCPUs that are online now.
  var onlinePCPUs: PCPUSet { get }
  /// Tag bits that the hardware has; may be fewer than the allocator believes.
  var hardwareTagBits: Int { get }
  /// The pCPUs that share this one's TLB, itself included.
  var pcpusSharingTLB: PCPUSet { get }
}

/// Finer invalidations.
public protocol RangeInvalidatingMachine: Machine {
  /// Issues an invalidation of `pages` pages from `first` on under `tag`; `level` is the hint.
  func invalidate(
    _ tag: Tag, from first: UInt64, pages: UInt64, level: UInt8?, on scope: InvalidationScope,
    at site: Site)
  /// Issues an invalidation of one inner tag (a guest's ASID) under `tag`.
  func invalidate(_ tag: Tag, inner: Tag, on scope: InvalidationScope, at site: Site)
  /// Issues an invalidation of all stage-1 entries of `tag`.
  func invalidateStageOne(of tag: Tag, on scope: InvalidationScope, at site: Site)
}

/// An environment that decides.
public protocol DecidingMachine: Machine {
  /// Whether the fallible operation at `site` fails this time.
  func mayFail(at site: Site) -> Bool
  /// One of `count` ways to go on, chosen by the seed or the strategy.
  func choose(_ count: Int, at site: Site) -> Int
}

/// Objects that come and go.
public protocol LifetimeMachine: Machine {
  /// The object at `word` is dead: touching it is a finding, until `revive`.
  func retire(_ word: Word)
  /// A new object lives there.
  func revive(_ word: Word)
}

/// A set of at most 64 pCPUs.
public struct PCPUSet: OptionSet, Sendable {
  /// One bit per pCPU.
  public let rawValue: UInt64

  /// The set of these bits.
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Just `pcpu`.
  @inlinable public init(_ pcpu: PCPU) { rawValue = 1 << UInt64(pcpu.index) }

  /// The first `count` pCPUs.
  @inlinable public init(first count: Int) {
    rawValue = count >= 64 ? .max : (1 << UInt64(count)) - 1
  }
}
