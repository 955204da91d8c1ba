// Reading a histogram: buckets and percentiles. Cold code; each call walks the counts.

extension Histogram {
  /// The recorded values that cannot be told apart.
  public struct Bucket: Sendable, Equatable {
    /// The lowest value that belongs here, in nanoseconds.
    public let lowerBound: UInt64
    /// The highest value that belongs here. The last bucket of the range holds the clamped values
    /// too.
    public let upperBound: UInt64
    /// How many values were recorded here; never 0.
    public let count: UInt64
  }

  /// The buckets that hold something, lowest first: a snapshot, free to outlive the histogram.
  public func nonEmptyBuckets() -> [Bucket] {
    var buckets: [Bucket] = []
    for position in 0..<BucketLayout.bucketCount where counts[position] != 0 {
      buckets.append(
        Bucket(
          lowerBound: BucketLayout.lowerBound(at: position),
          upperBound: BucketLayout.upperBound(at: position),
          count: counts[position]))
    }
    return buckets
  }

  /// A value that at least `percentile` percent of the recorded values do not exceed: the highest
  /// of the first bucket for which that is so, but never above `maximum`. 0 if nothing is recorded.
  ///
  /// It is at least the value that sorting everything would give, and less than 0.1% above it.
  /// Percentile 0 stands for the first value in that order, 100 gives `maximum` exactly. Where the
  /// value was clamped, the result is only a lower bound: the end of the range.
  ///
  /// - Precondition: `percentile` lies within 0 and 100.
  /// - Complexity: O(buckets).
  public func value(atPercentile percentile: Double) -> UInt64 {
    require(
      (0...100).contains(percentile), "a percentile lies within 0 and 100, not \(percentile)")
    let rank = rank(atPercentile: percentile)
    // The last value is known exactly, wherever it was counted.
    guard rank < count else { return maximum }
    var seen: UInt64 = 0
    for position in 0..<BucketLayout.bucketCount {
      seen += counts[position]
      if seen >= rank { return min(BucketLayout.upperBound(at: position), maximum) }
    }
    return maximum
  }

  /// The place, counted from 1, of the value wanted when all values are sorted.
  ///
  /// The percentile is moved down by one unit in the last place first: 99.9 has no exact binary
  /// form, and a product a hair above a whole number would otherwise select the next value.
  func rank(atPercentile percentile: Double) -> UInt64 {
    let exact = percentile.nextDown * Double(count) / 100
    return max(1, UInt64(max(0, exact).rounded(.up)))
  }
}
