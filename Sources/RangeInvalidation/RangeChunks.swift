// Ranges that one call of the planner can take.

/// A range cut into pieces of at most `RangeOperand.maxPages`, in ascending order.
///
/// kvm_tlb_flush_vmid_range (117940aa6e5f) does so; between two pieces the VM's id is read anew. A
/// caller without FEAT_TLBIRANGE doesn't come here: it invalidates the whole VMID.
public struct RangeChunks: Sequence, IteratorProtocol, Sendable {
  @usableFromInline var start: UInt64
  @usableFromInline var left: UInt64

  /// The pieces of `range`.
  @inlinable @inline(__always) public init(of range: PageRange) {
    start = range.start
    left = range.count
  }

  /// The next piece; nil behind the last one.
  @inlinable @inline(__always) public mutating func next() -> PageRange? {
    guard left > 0 else { return nil }
    let chunk = PageRange(start: start, count: Swift.min(left, RangeOperand.maxPages))
    start = chunk.end
    left &-= chunk.count
    return chunk
  }
}
