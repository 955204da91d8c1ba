// The few numbers of a histogram that a report prints.

/// What is said about a latency distribution, in nanoseconds. The mean comes last on purpose: one
/// slow operation in ten thousand hardly moves it, and such operations are what a rollover causes.
public struct LatencySummary: Sendable, Equatable {
  /// Half of the operations took no longer.
  public let p50: UInt64
  /// 90% of the operations took no longer.
  public let p90: UInt64
  /// 99% of the operations took no longer.
  public let p99: UInt64
  /// 99.9% of the operations took no longer.
  public let p999: UInt64
  /// 99.99% of the operations took no longer. With fewer than 10,000 operations it equals `max`.
  public let p9999: UInt64
  /// The slowest operation, exactly.
  public let max: UInt64
  /// How many operations were measured.
  public let count: UInt64
  /// The arithmetic mean, exactly.
  public let mean: Double

  /// The summary of `histogram`; all zero if it is empty.
  public init(_ histogram: borrowing Histogram) {
    p50 = histogram.value(atPercentile: 50)
    p90 = histogram.value(atPercentile: 90)
    p99 = histogram.value(atPercentile: 99)
    p999 = histogram.value(atPercentile: 99.9)
    p9999 = histogram.value(atPercentile: 99.99)
    max = histogram.maximum
    count = histogram.count
    mean = histogram.mean
  }
}
