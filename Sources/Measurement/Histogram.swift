// The latency histogram: constant memory, constant cost per value, relative error below 0.1%.
//
// The layout and the text format are HdrHistogram's, so that its plotters read our output.

/// Counts of durations from 1 ns to 1 min, in buckets no wider than 0.1% of their values.
///
/// Each thread owns one and records into it without sharing; after the threads have ended, one of
/// them merges the others. A histogram cannot be copied: its 214 KiB of counts have one owner, and
/// recording needs exclusive access to it.
///
/// `count`, `minimum`, `maximum` and `mean` are exact, kept apart from the buckets.
public struct Histogram: ~Copyable {
  /// `BucketLayout.bucketCount` counts, owned by this value.
  @usableFromInline let counts: UnsafeMutablePointer<UInt64>
  @usableFromInline var recordedCount: UInt64 = 0
  @usableFromInline var clampedCount: UInt64 = 0
  /// `UInt64.max` while nothing is recorded, so that `record` need not ask.
  @usableFromInline var lowest: UInt64 = .max
  @usableFromInline var highest: UInt64 = 0
  /// Wide enough for any count of any values: the mean stays exact.
  @usableFromInline var sum: UInt128 = 0

  /// An empty histogram. This is the only allocation that it ever makes.
  ///
  /// The counts are written here, so that the page faults happen now and not in a measured loop.
  public init() {
    counts = .allocate(capacity: BucketLayout.bucketCount)
    counts.initialize(repeating: 0, count: BucketLayout.bucketCount)
  }

  deinit { counts.deallocate() }

  /// The highest value, in nanoseconds, that has a bucket: one minute.
  @inlinable public static var highestTrackable: UInt64 { BucketLayout.highestTrackable }

  /// Bytes that the counts take, the same for every histogram at all times.
  public static var storageBytes: Int { BucketLayout.bucketCount * MemoryLayout<UInt64>.stride }

  /// Counts one duration. A value above `highestTrackable` goes to the last bucket and is counted
  /// in `clamped` as well; `maximum` and `mean` still see it as it is.
  ///
  /// - Complexity: O(1); no branch, no allocation.
  @inlinable @inline(__always)
  public mutating func record(_ nanoseconds: UInt64) {
    let trackable = min(nanoseconds, BucketLayout.highestTrackable)
    counts[BucketLayout.position(of: trackable)] &+= 1
    recordedCount &+= 1
    clampedCount &+= nanoseconds > BucketLayout.highestTrackable ? 1 : 0
    lowest = min(lowest, nanoseconds)
    highest = max(highest, nanoseconds)
    sum &+= UInt128(nanoseconds)
  }

  /// Adds everything that `other` has counted; the result is as if one histogram had recorded all.
  ///
  /// - Complexity: O(buckets).
  public mutating func merge(_ other: borrowing Histogram) {
    for position in 0..<BucketLayout.bucketCount { counts[position] &+= other.counts[position] }
    recordedCount &+= other.recordedCount
    clampedCount &+= other.clampedCount
    lowest = min(lowest, other.lowest)
    highest = max(highest, other.highest)
    sum &+= other.sum
  }

  /// Forgets everything; the storage stays.
  public mutating func reset() {
    counts.update(repeating: 0, count: BucketLayout.bucketCount)
    recordedCount = 0
    clampedCount = 0
    lowest = .max
    highest = 0
    sum = 0
  }
}

// Safe: the pointer never leaves the owner, and every write needs exclusive access to it.
extension Histogram: @unchecked Sendable {}

extension Histogram {
  /// How many values were recorded, the clamped ones included.
  public var count: UInt64 { recordedCount }

  /// How many of them were above `highestTrackable`.
  public var clamped: UInt64 { clampedCount }

  /// The lowest recorded value, exactly; 0 if there is none.
  public var minimum: UInt64 { recordedCount == 0 ? 0 : lowest }

  /// The highest recorded value, exactly, even if it was clamped; 0 if there is none.
  public var maximum: UInt64 { highest }

  /// The arithmetic mean of the recorded values, not of their buckets; 0 if there is none.
  public var mean: Double { recordedCount == 0 ? 0 : Double(sum) / Double(recordedCount) }
}
