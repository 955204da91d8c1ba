// O3 and O4: what a TLB may hold and answer.

import Domain
import Synchronization

/// Which table entries were invalidated by a flush that is complete: one version per page.
///
/// Sees: a hit on another VM's entry, and a hit on an entry older than the last completed flush of
/// its page. Cannot see: an entry that is stale but never looked up.
///
/// Sendable because every access is atomic.
public struct CompletedFlushes: @unchecked Sendable {
  @usableFromInline let first: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline let pagesPerVM: Int
  private let count: Int

  /// No flush yet, for `vmSlots` VMs of `pagesPerVM` pages.
  public init(vmSlots: Int, pagesPerVM: Int) {
    self.pagesPerVM = pagesPerVM
    count = vmSlots * pagesPerVM
    first = .allocate(capacity: count)
    for place in 0..<count { (first + place).initialize(to: Atomic(0)) }
  }

  /// Gives the memory back, after the run.
  public func deallocate() { first.deallocate() }

  /// Translations of `page` made from versions below the result are flushed. Taken at the start of
  /// a lookup. Acquire: pairs with the release of `complete`, so that the lookup sees the flush.
  @inlinable @inline(__always)
  public func oldestValid(_ slot: VMSlot, page: UInt64) -> UInt64 {
    place(slot, page).pointee.load(ordering: .acquiring)
  }

  /// A flush of `page` is complete: its entry had become `version` before it began.
  @inlinable
  public func complete(_ slot: VMSlot, page: UInt64, version: UInt64) {
    place(slot, page).pointee.store(version, ordering: .releasing)
  }

  @inlinable @inline(__always)
  func place(_ slot: VMSlot, _ page: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
    first + (slot.index &* pagesPerVM &+ Int(truncatingIfNeeded: page))
  }
}

/// What can be wrong with a translation.
public enum TranslationVerdict: Sendable, Equatable {
  /// O4: the entry was made from another VM's table.
  case foreign
  /// O4: the entry is older than a flush that was complete when the lookup began.
  case stale

  /// Judges a translation made from the table of `owner` at `version`.
  ///
  /// - Parameters:
  ///   - owner: whose table the entry came from.
  ///   - expected: who is in the guest.
  ///   - version: the table entry's version in the translation.
  ///   - oldestValid: `CompletedFlushes.oldestValid` from the start of the lookup.
  @inlinable @inline(__always)
  public static func judge(
    owner: VMIdentity, expected: VMIdentity, version: UInt64, oldestValid: UInt64
  ) -> TranslationVerdict? {
    if owner != expected { return .foreign }
    // Versions wrap at 32 bits: only their difference can be compared.
    if Int32(truncatingIfNeeded: version &- oldestValid) < 0 { return .stale }
    return nil
  }
}
