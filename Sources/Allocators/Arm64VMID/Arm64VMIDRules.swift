// The steps of the arm64 VMID allocator that a fault may replace. The defaults are the right ones,
// so correct code knows nothing of faults.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol Arm64VMIDRules: Sendable {
  /// Whether what the fast path found in this pCPU's active slot lets it go on.
  static func slotIsLive(_ seen: UInt64) -> Bool
  /// The fast path's claim: puts `id` into this pCPU's active slot unless a rollover has emptied
  /// it. Returns whether it did.
  static func claim<M: Machine>(_ slot: M.Word, seen: UInt64, id: UInt64, on m: M) -> Bool
  /// Takes the allocator's lock.
  static func takeLock<M: Machine>(_ lock: Lock<M.Word>, on m: M)
  /// Whether the id, read again under the lock, needs no renewal.
  static func isCurrentUnderLock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> Bool
  /// Makes `id` active on this pCPU and gives the lock back.
  static func publishAndUnlock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M)
  /// Rolls over and returns the new generation.
  static func rollOver<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) -> UInt64
  /// Empties a pCPU's active slot and returns what was there.
  static func takeActive<M: Machine>(_ slot: M.Word, on m: M) -> UInt64
  /// The id that an earlier rollover reserved for a pCPU whose slot is empty.
  static func stillReserved<M: Machine>(_ reserved: M.Cell, on m: M) -> UInt64
  /// Marks the number that a pCPU may still run with as taken in the new generation.
  static func keepTaken<M: Machine>(_ number: Int, _ allocator: Arm64VMID<M, Self>, on m: M)
  /// Removes everything from every TLB and waits until that is done.
  static func flushEverything<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M)
  /// Where the search for a free number starts, at boot and after a rollover.
  static var firstNumber: Int { get }
  /// Where it ends: one past the highest number, when so many may be handed out.
  static func numberLimit(usable: Int) -> Int
  /// Whether `id` is of `generation`, which is shifted.
  static func isOfGeneration(_ id: UInt64, _ generation: UInt64, tagBits: UInt64) -> Bool
  /// The generation that a run starts with, shifted.
  static func bootGeneration(tagBits: UInt64) -> UInt64
  /// Renews `old` wherever a rollover reserved it; returns whether it did anywhere. The caller holds
  /// the lock.
  static func retagReserved<M: Machine>(
    _ old: UInt64, as renewed: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> Bool
  /// What becomes of this pCPU's slot when a vCPU is put.
  static func leave<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M)
  /// What stands in the slot of a pCPU that has nothing to lose; `marker` is ACTIVE_INVALID.
  static func idleSlot(marker: UInt64) -> UInt64
  /// How many words the version needs to note flushes that are still to be made.
  static func pendingWordCount(pcpus: Int) -> Int
  /// How many cells its rollover needs to note what it found active.
  static func notedCellCount(pcpus: Int) -> Int
  /// The oracles that apply.
  static var oracles: Set<OracleID> { get }
  /// The sites that only this version has, behind those of `Arm64VMIDSites`.
  static var moreSites: [SiteDescription] { get }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension Arm64VMIDRules {
  /// 0: a rollover has passed. Its message is "take the lock".
  @inline(__always)
  public static func slotIsLive(_ seen: UInt64) -> Bool { seen != 0 }

  /// The compare-exchange expects what was seen, and its result is compared with 0: only a
  /// rollover writes 0, only this pCPU writes anything else, so "not 0" means that it succeeded.
  @inline(__always)
  public static func claim<M: Machine>(
    _ slot: M.Word, seen: UInt64, id: UInt64, on m: M
  ) -> Bool {
    m.compareExchange(
      slot, expected: seen, desired: id, .relaxed, failure: .relaxed,
      at: Arm64VMIDSites.fastClaim) != 0
  }

  @inline(__always)
  public static func takeLock<M: Machine>(_ lock: Lock<M.Word>, on m: M) {
    m.acquire(lock, at: Arm64VMIDSites.slowLock)
  }

  @inline(__always)
  public static func isCurrentUnderLock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> Bool {
    allocator.isOfGeneration(
      id, m.load(allocator.generation, .relaxed, at: Arm64VMIDSites.slowGeneration))
  }

  @inline(__always)
  public static func publishAndUnlock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    m.store(allocator.active[m.pcpu], id, .relaxed, at: Arm64VMIDSites.slowActive)
    m.release(allocator.lock, at: Arm64VMIDSites.slowUnlock)
  }

  @inline(__always)
  public static func rollOver<M: Machine>(
    _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> UInt64 {
    allocator.rollOverLocked(on: m)
  }

  @inline(__always)
  public static func takeActive<M: Machine>(_ slot: M.Word, on m: M) -> UInt64 {
    m.exchange(slot, 0, .relaxed, at: Arm64VMIDSites.rolloverTakeActive)
  }

  @inline(__always)
  public static func stillReserved<M: Machine>(_ reserved: M.Cell, on m: M) -> UInt64 {
    m.read(reserved)
  }

  @inline(__always)
  public static func keepTaken<M: Machine>(
    _ number: Int, _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    allocator.markInUse(number, on: m)
  }

  @inline(__always)
  public static func flushEverything<M: Machine>(
    _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    m.fence(.storeStore, at: Arm64VMIDSites.rolloverBarrier)
    m.invalidate(.everything, on: .everyPCPU, at: Arm64VMIDSites.rolloverFlush)
    m.waitForInvalidations(at: Arm64VMIDSites.rolloverFlushWait)
  }

  @inline(__always)
  public static var firstNumber: Int { 1 }

  @inline(__always)
  public static func numberLimit(usable: Int) -> Int { usable + 1 }

  @inline(__always)
  public static func isOfGeneration(
    _ id: UInt64, _ generation: UInt64, tagBits: UInt64
  ) -> Bool {
    (id ^ generation) &>> tagBits == 0
  }

  @inline(__always)
  public static func bootGeneration(tagBits: UInt64) -> UInt64 { 1 &<< tagBits }

  @inline(__always)
  public static func retagReserved<M: Machine>(
    _ old: UInt64, as renewed: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> Bool {
    allocator.retagReservedLocked(old, as: renewed, on: m)
  }

  /// kvm_arm_vmid_clear_active. A plain store: it may land on a 0 that a rollover has just put
  /// there, which is harmless because the rollover flushes all TLBs at once, and because a context
  /// switch orders it before the loads of the next entry.
  @inline(__always)
  public static func leave<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {
    if m.observe(allocator.active[m.pcpu]) == 0 { m.note(.markerStoredOverZero) }
    m.store(
      allocator.active[m.pcpu], allocator.leftMarker, .relaxed, at: Arm64VMIDSites.leaveActive)
  }

  @inline(__always)
  public static func idleSlot(marker: UInt64) -> UInt64 { marker }

  public static func pendingWordCount(pcpus: Int) -> Int { 0 }

  public static func notedCellCount(pcpus: Int) -> Int { 0 }

  public static var oracles: Set<OracleID> { OracleID.common }

  public static var moreSites: [SiteDescription] { [] }
}

/// The allocator as merged: nothing replaced.
public enum Arm64VMIDAsMerged: Arm64VMIDRules {}
