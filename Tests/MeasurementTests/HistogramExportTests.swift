// The text that other programs read, character by character.

import Measurement
import Testing

@Suite struct HistogramExportTests {
  @Test func `four values give the rows worked out by hand`() {
    let histogram = histogram(of: [1, 2, 3, 4])
    let text = histogram.percentileDistribution()
    #expect(
      text == """
               Value     Percentile TotalCount 1/(1-Percentile)

               1.000 0.000000000000          1             1.00
               1.000 0.100000000000          1             1.11
               1.000 0.200000000000          1             1.25
               2.000 0.300000000000          2             1.43
               2.000 0.400000000000          2             1.67
               2.000 0.500000000000          2             2.00
               3.000 0.550000000000          3             2.22
               3.000 0.600000000000          3             2.50
               3.000 0.650000000000          3             2.86
               3.000 0.700000000000          3             3.33
               3.000 0.750000000000          3             4.00
               4.000 0.775000000000          4             4.44
               4.000 1.000000000000          4              inf
        #[Mean    =        2.500, StdDeviation   =        1.118]
        #[Max     =        4.000, Total count    =            4]
        #[Buckets =           26, SubBuckets     =         2048]

        """)
  }

  @Test func `an empty histogram has the heading and the closing lines only`() {
    let text = Histogram().percentileDistribution()
    let lines = text.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("#[") })
  }

  @Test func `values, levels and counts never decrease and end at the last value`() throws {
    let values = latencies(50_000, seed: 4)
    let histogram = histogram(of: values)
    let rows = histogram.percentileDistribution().split(separator: "\n").dropFirst()
      .filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: " ").compactMap { Double($0) } }
    #expect(rows.allSatisfy { $0.count == 4 })
    for (row, next) in zip(rows, rows.dropFirst()) {
      #expect(row[0] <= next[0] && row[1] < next[1] && row[2] <= next[2] && row[3] < next[3])
    }
    let last = try #require(rows.last)
    #expect(last == [Double(histogram.maximum), 1, 50_000, .infinity])
  }

  @Test func `a fraction that rounds up to a whole carries`() {
    // The mean is 2.9996, which three decimals show as 3.000.
    let histogram = histogram(of: [2] + Array(repeating: 3, count: 2_499))
    let text = histogram.percentileDistribution()
    #expect(text.contains("#[Mean    =        3.000,"))
  }
}
