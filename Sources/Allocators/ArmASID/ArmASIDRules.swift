// The steps in which the ASID allocators of the family differ, and which a fault may replace. The
// defaults are those of arm64.

import Domain
import Machines

/// The replaceable steps. A version or a fault overrides those that it is about and nothing else.
public protocol ArmASIDRules: Sendable {
  /// What the world must know of the version.
  static var traits: AllocatorTraits { get }
  /// What becomes of the old context at a switch.
  static var contextLife: ContextLife { get }
  /// Whether a switch decides once, or each entry does.
  static var decidesAtSwitch: Bool { get }
  /// Whether the flush that a rollover ordered comes after the lock was given back and the registers
  /// were written.
  static var flushesAfterSwitch: Bool { get }

  /// The fast path's claim: puts `id` into this pCPU's active slot if it is of the current
  /// generation and no rollover has emptied the slot. Returns whether it did.
  static func claim<M: Machine>(_ id: UInt64, _ allocator: ArmASID<M, Self>, on m: M) -> Bool
  /// Stores what new_context returned.
  static func keepID<M: Machine>(
    _ id: UInt64, _ origin: NewIDOrigin, _ vm: ArmASIDContext<M>, on m: M)
  /// The id that is written into the registers.
  static func idToInstall<M: Machine>(
    _ vm: ArmASIDContext<M>, _ allocator: ArmASID<M, Self>, on m: M
  ) -> UInt64
  /// Empties a pCPU's active slot and returns what was there.
  static func takeActive<M: Machine>(_ slot: M.Word, on m: M) -> UInt64
  /// The id that an earlier rollover reserved for a pCPU whose slot is empty.
  static func stillReserved<M: Machine>(_ reserved: M.Cell, on m: M) -> UInt64
  /// The last step of a rollover: sees to it that nobody uses a translation of an old generation.
  static func orderFlush<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M)
  /// What a process that is switched out does.
  static func leave<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M)
  /// What a pCPU has in its slot where a scenario starts from a state of its own.
  static func start<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M)
  /// How many of `numbers`, number 0 among them, may be pinned at a time.
  static func mostPinned(numbers: Int, pcpus: Int) -> Int
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ArmASIDRules {
  @inline(__always)
  public static var traits: AllocatorTraits { .ofASIDs() }

  /// arm64 writes the process's table and id at the end of a switch; until then the old ones are
  /// live, and the hardware may fill from them.
  @inline(__always)
  public static var contextLife: ContextLife { .untilReplaced }

  @inline(__always)
  public static var decidesAtSwitch: Bool { true }

  @inline(__always)
  public static var flushesAfterSwitch: Bool { false }

  /// The slot is looked at first, and compared with: a 0 is never replaced here (a8ffaaa060b8). The
  /// result is compared with 0: only a rollover writes 0, only this pCPU writes anything else, so
  /// "not 0" means that it succeeded.
  @inline(__always)
  public static func claim<M: Machine>(
    _ id: UInt64, _ allocator: ArmASID<M, Self>, on m: M
  ) -> Bool {
    let seen = m.load(allocator.active[m.pcpu], .relaxed, at: ArmASIDSites.fastActive)
    if seen == 0 || !allocator.isCurrent(id, at: ArmASIDSites.fastGeneration, on: m) {
      return false
    }
    let found = m.compareExchange(
      allocator.active[m.pcpu], expected: seen, desired: id, .relaxed, failure: .relaxed,
      at: ArmASIDSites.fastClaim)
    if found == 0 { m.note(.claimLost) }
    return found != 0
  }

  @inline(__always)
  public static func keepID<M: Machine>(
    _ id: UInt64, _ origin: NewIDOrigin, _ vm: ArmASIDContext<M>, on m: M
  ) {
    m.store(vm.id, id, .relaxed, at: ArmASIDSites.keepID)
  }

  /// The process's id is read again: while it is active somewhere its number does not change.
  @inline(__always)
  public static func idToInstall<M: Machine>(
    _ vm: ArmASIDContext<M>, _ allocator: ArmASID<M, Self>, on m: M
  ) -> UInt64 {
    m.load(vm.id, .relaxed, at: ArmASIDSites.lateID)
  }

  @inline(__always)
  public static func takeActive<M: Machine>(_ slot: M.Word, on m: M) -> UInt64 {
    m.exchange(slot, 0, .relaxed, at: ArmASIDSites.rolloverTakeActive)
  }

  @inline(__always)
  public static func stillReserved<M: Machine>(_ reserved: M.Cell, on m: M) -> UInt64 {
    m.read(reserved)
  }

  @inline(__always)
  public static func orderFlush<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.markAllToFlush(on: m)
  }

  @inline(__always)
  public static func leave<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {}

  @inline(__always)
  public static func start<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {}

  /// All pCPUs may have a number reserved, number 0 is nobody's, and one must be left to hand out.
  @inline(__always)
  public static func mostPinned(numbers: Int, pcpus: Int) -> Int { max(numbers - pcpus - 2, 0) }
}

extension AllocatorTraits {
  /// Those of the family. Not O5: a rollover orders flushes and does not wait for them. Number 0 is
  /// nobody's, and the last process of each pCPU must fit beside the one that rolls over; the kernel
  /// warns at one number fewer.
  static func ofASIDs(canPin: Bool = false, mayShareTLB: Bool = false) -> AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: OracleID.common.subtracting([.o5]),
      idWords: ["id", "active", "generation"], canPin: canPin, mayShareTLB: mayShareTLB,
      leastTags: { pcpus, _ in pcpus + 1 })
  }
}
