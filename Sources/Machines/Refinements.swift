// What only some systems need of a machine. An allocator asks for the least refinement it needs,
// so that a machine need not offer what nobody on it uses.

import Domain

/// Calls to other pCPUs (IPIs).
///
/// A call throws a guest out; it is delivered with interrupts on. A waiter with interrupts on
/// serves calls, one with interrupts off does not.
public protocol CallingMachine: Machine {
  /// Asks each of `targets` but this pCPU to do what `request` says. One request at a time: the
  /// caller waits before it calls again.
  func call(_ targets: PCPUSet, _ request: CallRequest, at site: Site)
  /// Waits until every target of this pCPU's calls has answered them.
  func waitForCalls(at site: Site)
}

/// What a called pCPU does. Data and not code, so that a scheduler can carry it out in one step.
public enum CallRequest: UInt64, Sendable {
  /// Nothing but to come: the guest is left, and the last look follows before the next entry.
  case leaveGuest
  /// Drops everything from its own TLB.
  case flushEverything
  /// Writes its own cache back; see `SecureMachine`.
  case writeBackCache
}

/// A lock that readers share. Made of the other operations: a word that counts the readers, or
/// holds `writer`.
extension Machine {
  /// What a writer puts into the lock's word: more than all readers together.
  @inlinable static var writer: UInt64 { 1 << 32 }

  /// Takes a reader's share of `lock` (acquire).
  @inlinable
  public func acquireShared(_ lock: Lock<Word>, at site: Site) {
    while true {
      let readers = wait(for: lock.word, until: .below(Self.writer), .relaxed, at: site)
      let seen = compareExchange(
        lock.word, expected: readers, desired: readers &+ 1, .acquire, failure: .relaxed, at: site)
      if seen == readers { return }
    }
  }

  /// Gives it back (release).
  @inlinable
  public func releaseShared(_ lock: Lock<Word>, at site: Site) {
    _ = add(lock.word, 0 &- 1, .release, at: site)
  }

  /// Takes `lock` alone, as a writer (acquire).
  @inlinable
  public func acquireExclusive(_ lock: Lock<Word>, at site: Site) {
    while true {
      _ = wait(for: lock.word, until: .equals(0), .relaxed, at: site)
      let seen = compareExchange(
        lock.word, expected: 0, desired: Self.writer, .acquire, failure: .relaxed, at: site)
      if seen == 0 { return }
    }
  }

  /// Gives it back (release).
  @inlinable
  public func releaseExclusive(_ lock: Lock<Word>, at site: Site) {
    store(lock.word, 0, .release, at: site)
  }
}

/// A lock whose waiter leaves the pCPU to other tasks.
public protocol SleepingLockMachine: Machine {
  /// Takes a mutex (acquire); the pCPU may run something else meanwhile.
  func acquireSleeping(_ lock: Lock<Word>, at site: Site)
  /// Gives it back (release).
  func releaseSleeping(_ lock: Lock<Word>, at site: Site)
}

/// The shape of the hardware.
public protocol TopologyMachine: Machine {
  /// The pCPUs that share this one's TLB, itself included.
  var pcpusSharingTLB: PCPUSet { get }
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

  /// Calls `body` with each of them, lowest first.
  @inlinable public func forEach(_ body: (PCPU) -> Void) {
    var rest = rawValue
    while rest != 0 {
      body(PCPU(rest.trailingZeroBitCount))
      rest &= rest &- 1
    }
  }
}
