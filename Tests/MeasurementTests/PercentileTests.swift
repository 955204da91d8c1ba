// Percentiles against the definition: sort everything and count.

import Domain
import Measurement
import Testing

@Suite struct PercentileTests {
  /// In thousandths of a percent, so that the expected rank needs no floating point.
  private static let percentiles: [Int] =
    [0, 1, 1_000, 10_000, 25_000, 33_333, 50_000, 66_667, 75_000, 90_000, 95_000, 99_000, 99_900]
    + [99_990, 99_999, 100_000]

  private static let sizes = [1, 2, 3, 7, 10, 100, 999, 1_000, 1_001, 10_000, 20_011]

  private func expectSorting(_ values: [UInt64]) {
    let sorted = values.sorted()
    let maximum = sorted[sorted.count - 1]
    let histogram = histogram(of: values)
    for percentile in Self.percentiles {
      let rank = max(1, (percentile * sorted.count + 99_999) / 100_000)
      let wanted = min(highestEquivalent(sorted[rank - 1]), maximum)
      let reported = histogram.value(atPercentile: Double(percentile) / 1_000)
      #expect(reported == wanted, "p = \(percentile) / 1000 of \(sorted.count) values")
    }
  }

  @Test(arguments: sizes)
  func `percentiles of latencies are those of the sorted values`(size: Int) {
    expectSorting(latencies(size, seed: UInt64(size)))
  }

  @Test(arguments: sizes)
  func `percentiles of a narrow distribution with a tail are exact too`(size: Int) {
    var random = RandomStream(Seed(UInt64(size)))
    expectSorting(
      (0..<size).map { _ in
        random.happensOnce(in: 100) ? 1_000_000 + random.below(1 << 20) : 20 + random.below(5)
      })
  }

  @Test(arguments: sizes)
  func `percentiles of equal values are that value`(size: Int) {
    expectSorting(Array(repeating: 123_456_789, count: size))
  }

  @Test func `the 100th percentile is the exact maximum`() {
    let histogram = histogram(of: [1, 2, 1_000_000_007])
    #expect(histogram.value(atPercentile: 100) == 1_000_000_007)
  }

  @Test func `a percentile above 100 stops with a message that names it`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Histogram().value(atPercentile: 100.5)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("not 100.5"))
  }

  @Test func `a summary reads its figures from the histogram`() {
    let summary = LatencySummary(histogram(of: (1...20_000).map { UInt64($0) }))
    #expect(summary.p50 == highestEquivalent(10_000))
    #expect(summary.p90 == highestEquivalent(18_000))
    #expect(summary.p99 == highestEquivalent(19_800))
    #expect(summary.p999 == highestEquivalent(19_980))
    #expect(summary.p9999 == highestEquivalent(19_998))
    #expect(summary.max == 20_000)
    #expect(summary.count == 20_000)
    #expect(summary.mean == 10_000.5)
  }
}
