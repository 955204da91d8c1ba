// O7 and O8: what may be entered with.

import Domain

/// What can be wrong with the id of an entry, whoever else is in the guest; and O7's comparison.
public enum EntryVerdict: Sendable, Equatable {
  /// O8: the VM's generation has gone back.
  case generationWentBack
  /// O8: the tag read late, for the hardware, is not the one that was published as active.
  case numberChangedAfterPublication

  /// O7: a guest's tag lies in 1 ... `highest`.
  @inlinable @inline(__always)
  public static func isInRange(_ tag: Tag, highest: UInt64) -> Bool {
    tag.number &- 1 < highest
  }

  /// O8: judges what one vCPU saw of its VM's id, one entry after the other.
  ///
  /// - Parameters:
  ///   - generation: of the id, now.
  ///   - previous: what this vCPU saw at its last entry; reads of one word never go back.
  ///   - published: the number that the allocator made active on this pCPU; 0 if it publishes none
  ///     before the entry.
  ///   - entered: the number read late, that the hardware got.
  @inlinable @inline(__always)
  public static func judgeIdentity(
    generation: UInt64, previous: UInt64, published: UInt64, entered: UInt64
  ) -> EntryVerdict? {
    if generation < previous { return .generationWentBack }
    if published != 0, published != entered { return .numberChangedAfterPublication }
    return nil
  }
}
