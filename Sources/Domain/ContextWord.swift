// What a pCPU publishes of its hardware context, in one word.

/// The published form of a pCPU's hardware context: sequence, VM slot and tag in one 64-bit word.
///
/// Only its own pCPU writes it. The sequence grows with every change, so that a reader that finds
/// one word twice knows that the context was the same all the time in between (until the sequence
/// wraps, after 2^31 entries).
public struct ContextWord: Equatable, Sendable {
  /// sequence << 32 | (slot + 1) << 16 | tag; the lower half is 0 for no context.
  public let bits: UInt64

  /// The word with these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// A live context.
  @inlinable @inline(__always)
  public init(sequence: UInt64, slot: VMSlot, tag: Tag) {
    bits = sequence &<< 32 | UInt64(truncatingIfNeeded: slot.index &+ 1) &<< 16 | tag.number
  }

  /// No context.
  @inlinable @inline(__always)
  public init(emptyAt sequence: UInt64) { bits = sequence &<< 32 }

  /// Whether a guest's context is installed.
  @inlinable @inline(__always) public var isLive: Bool { bits & 0xFFFF_FFFF != 0 }

  /// Whose it is; meaningful only when live.
  @inlinable public var slot: VMSlot { VMSlot(Int(bits &>> 16 & 0xFFFF) &- 1) }

  /// The slot's own bits, for a comparison without decoding.
  @inlinable @inline(__always) public var slotBits: UInt64 { bits & 0xFFFF_0000 }

  /// The tag; meaningful only when live.
  @inlinable @inline(__always) public var tag: Tag { Tag(bits & 0xFFFF) }
}
