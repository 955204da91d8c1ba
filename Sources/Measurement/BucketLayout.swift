// Which values share a bucket: log-linear, the layout of HdrHistogram (Gil Tene) for unit 1,
// highest trackable value 60,000,000,000 and 3 significant decimal digits.
//
// Below 2,048 every value has its own bucket. From there on each power of two is cut into 1,024
// buckets of equal width, so a bucket is never wider than 1/1,024 of its lower bound.

/// Maps values to bucket positions and back. Positions are dense: 0 ..< `bucketCount`.
@usableFromInline enum BucketLayout {
  /// log2 of the number of sub-buckets. 3 decimal digits need 2 * 10^3 of them, rounded up to a
  /// power of two; the factor 2 is there because all but the first power use the upper half only.
  @inlinable static var subBucketBits: Int { 11 }

  /// Buckets of width 1 at the low end.
  @inlinable static var subBucketCount: Int { 1 << subBucketBits }

  /// Buckets per power of two above that.
  @inlinable static var halfCount: Int { subBucketCount / 2 }

  /// The highest value that is told apart from higher ones: one minute in nanoseconds.
  @inlinable static var highestTrackable: UInt64 { 60_000_000_000 }

  /// Positions in use; the last one holds `highestTrackable`.
  @inlinable static var bucketCount: Int { position(of: highestTrackable) + 1 }

  /// Powers of two covered, the first 2,048 values counted as one; what HdrHistogram calls
  /// "Buckets" in its text format.
  static var powerCount: Int { shift(of: highestTrackable) + 1 }

  /// log2 of the width of the bucket that holds `value`. Setting the low bits gives every small
  /// value the shift 0 without a branch.
  @inlinable @inline(__always)
  static func shift(of value: UInt64) -> Int {
    UInt64.bitWidth - subBucketBits - (value | UInt64(subBucketCount - 1)).leadingZeroBitCount
  }

  /// The position of the bucket that holds `value`.
  ///
  /// - Complexity: O(1), without a branch.
  @inlinable @inline(__always)
  static func position(of value: UInt64) -> Int {
    let shift = shift(of: value)
    return shift &* halfCount &+ Int(truncatingIfNeeded: value &>> UInt64(shift))
  }

  /// log2 of the width of the bucket at `position`.
  static func shift(at position: Int) -> Int { max(0, position / halfCount - 1) }

  /// The lowest value that the bucket at `position` holds.
  static func lowerBound(at position: Int) -> UInt64 {
    let shift = shift(at: position)
    return UInt64(position - shift * halfCount) << UInt64(shift)
  }

  /// The highest value that the bucket at `position` holds.
  static func upperBound(at position: Int) -> UInt64 {
    lowerBound(at: position) + (1 << UInt64(shift(at: position))) - 1
  }
}
