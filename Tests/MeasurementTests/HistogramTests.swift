// What the histogram promises about buckets, exact figures, merging and memory.

import Dispatch
import Domain
import Glibc
import Measurement
import Testing

@Suite struct HistogramTests {
  /// Every bucket as the layout defines it, lowest first.
  private static let layout: [(lower: UInt64, upper: UInt64)] = {
    var bounds = (0..<2_048).map { (lower: UInt64($0), upper: UInt64($0)) }
    var width: UInt64 = 2
    while true {
      for part in UInt64(1_024)..<2_048 {
        guard part * width <= Histogram.highestTrackable else { return bounds }
        bounds.append((part * width, (part + 1) * width - 1))
      }
      width *= 2
    }
  }()

  /// What is reported for `value` if it is the lower of two: the cap at the maximum, here the end
  /// of the range, cannot hide the bucket's own bound.
  private func reported(_ value: UInt64, with histogram: inout Histogram) -> UInt64 {
    histogram.reset()
    histogram.record(value)
    histogram.record(Histogram.highestTrackable)
    return histogram.value(atPercentile: 50)
  }

  private func expectWithinAThousandth(_ values: some Sequence<UInt64>) {
    var histogram = Histogram()
    let wrong = values.filter { value in
      let reported = reported(value, with: &histogram)
      return reported < value || (reported - value) * 1_000 > value
    }
    #expect(wrong.isEmpty)
  }

  @Test func `a value is counted in the bucket that holds it`() {
    var histogram = Histogram()
    for bucket in Self.layout {
      histogram.record(bucket.lower)
      histogram.record(bucket.upper)
    }
    let buckets = histogram.nonEmptyBuckets()
    #expect(buckets.map(\.lowerBound) == Self.layout.map(\.lower))
    #expect(buckets.map(\.upperBound) == Self.layout.map(\.upper))
    #expect(buckets.allSatisfy { $0.count == 2 })
  }

  @Test func `a value below 2048 is reported exactly`() {
    var histogram = Histogram()
    let wrong = (UInt64(0)..<2_048).filter { reported($0, with: &histogram) != $0 }
    #expect(wrong.isEmpty)
  }

  @Test func `a value up to 4096 is reported within a thousandth and never lower`() {
    expectWithinAThousandth(0...4_096)
  }

  @Test func `powers of two and their neighbours are reported within a thousandth`() {
    let powers = (0...35).flatMap { power in
      let value: UInt64 = 1 << UInt64(power)
      return [value - 1, value, value + 1]
    }
    expectWithinAThousandth(powers + [Histogram.highestTrackable - 1, Histogram.highestTrackable])
  }

  @Test func `random values are reported within a thousandth`() {
    expectWithinAThousandth(latencies(2_000, seed: 1))
  }

  @Test func `the range ends at one minute`() {
    #expect(Histogram.highestTrackable == 60_000_000_000)
    let histogram = histogram(of: [60_000_000_000])
    #expect(histogram.clamped == 0)
  }

  @Test func `a value above the range is clamped and counted as such`() throws {
    var histogram = histogram(of: [5])
    for value in [Histogram.highestTrackable + 1, .max] { histogram.record(value) }
    let last = try #require(histogram.nonEmptyBuckets().last)
    #expect(histogram.clamped == 2)
    #expect(histogram.count == 3)
    #expect(last.count == 2)
    #expect((last.lowerBound...last.upperBound).contains(Histogram.highestTrackable))
    #expect(histogram.maximum == .max)
    #expect(histogram.value(atPercentile: 50) == last.upperBound)
    #expect(histogram.value(atPercentile: 100) == .max)
  }

  @Test func `minimum, maximum and mean are exact`() {
    let histogram = histogram(of: [1_000_001, 3_000_003, 50_000_000_009])
    #expect(histogram.minimum == 1_000_001)
    #expect(histogram.maximum == 50_000_000_009)
    #expect(histogram.mean == 50_004_000_013.0 / 3)
  }

  @Test func `the mean survives sums above 64 bits`() {
    let histogram = histogram(of: [.max, .max, 0])
    #expect(abs(histogram.mean / (Double(UInt64.max) * 2 / 3) - 1) < 1e-15)
  }

  @Test func `an empty histogram reads zero`() {
    let histogram = Histogram()
    #expect(histogram.count == 0)
    #expect(histogram.minimum == 0)
    #expect(histogram.maximum == 0)
    #expect(histogram.mean == 0)
    #expect(histogram.value(atPercentile: 50) == 0)
    #expect(histogram.nonEmptyBuckets().isEmpty)
  }

  @Test func `reset forgets everything`() {
    var histogram = histogram(of: [7, .max])
    histogram.reset()
    #expect(histogram.count == 0)
    #expect(histogram.clamped == 0)
    #expect(histogram.mean == 0)
    #expect(histogram.nonEmptyBuckets().isEmpty)
    histogram.record(9)
    #expect(histogram.minimum == 9)
    #expect(histogram.maximum == 9)
  }

  @Test func `merging equals recording everything in one`() {
    let values = latencies(30_000, seed: 2) + [Histogram.highestTrackable + 1, .max]
    // One histogram per thread, as a run has them.
    let threads = 3
    let slots = UnsafeMutablePointer<Histogram>.allocate(capacity: threads)
    defer { slots.deallocate() }
    for thread in 0..<threads { (slots + thread).initialize(to: Histogram()) }
    nonisolated(unsafe) let shared = slots
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for index in stride(from: thread, to: values.count, by: threads) {
        shared[thread].record(values[index])
      }
    }
    var merged = Histogram()
    for thread in 0..<threads { merged.merge((slots + thread).move()) }

    let whole = histogram(of: values)
    #expect(merged.nonEmptyBuckets() == whole.nonEmptyBuckets())
    #expect(LatencySummary(merged) == LatencySummary(whole))
    #expect(merged.minimum == whole.minimum)
    #expect(merged.clamped == whole.clamped)
    #expect(merged.clamped == 2)
  }

  @Test func `merging an empty histogram changes nothing`() {
    var histogram = histogram(of: [3, 4])
    histogram.merge(Histogram())
    #expect(histogram.count == 2)
    #expect(histogram.minimum == 3)
    #expect(histogram.maximum == 4)
  }

  @Test func `recording, merging and resetting need no more memory`() async {
    // In a process of its own, which the system is told to give nothing more.
    await #expect(processExitsWith: .success) {
      var histogram = Histogram()
      let other = MeasurementTests.histogram(of: [1, .max])
      var nothing = rlimit(rlim_cur: 0, rlim_max: 0)
      guard setrlimit(Int32(RLIMIT_DATA.rawValue), &nothing) == 0 else { exit(2) }
      var random = RandomStream(Seed(3))
      for _ in 0..<1_000_000 { histogram.record(random.next() &>> random.below(64)) }
      histogram.merge(other)
      histogram.reset()
      exit(0)
    }
  }

  @Test func `a histogram takes the 27,389 counts that its range needs`() {
    #expect(Histogram.storageBytes == Self.layout.count * 8)
    #expect(Histogram.storageBytes == 219_112)
  }
}
