// The percentile text format of HdrHistogram (.hgrm), which its plotters read.

extension Histogram {
  /// The distribution as `.hgrm` text, values in nanoseconds.
  ///
  /// One row per percentile level. The levels start at 0 and come closer together towards 1: five
  /// between any level and the one half as far from 1 (the five ticks per half distance that
  /// HdrHistogram uses). They end once a row has reached the last value; a row for level 1 follows.
  /// An empty histogram has the heading and the closing lines only.
  public func percentileDistribution() -> String {
    var text =
      [
        padded("Value", 12), padded("Percentile", 14), padded("TotalCount", 10),
        padded("1/(1-Percentile)", 16),
      ].joined(separator: " ") + "\n\n"
    let buckets = nonEmptyBuckets()
    var level = PercentileLevel()
    var seen: UInt64 = 0
    for bucket in buckets {
      seen += bucket.count
      // One bucket may answer for several levels, or for none.
      while seen >= rank(atPercentile: level.percent), !level.isLast {
        text += row(value: bucket.upperBound, level: level, seen: seen)
        level.advance()
        if seen == count { level = .last }
      }
    }
    if count > 0 { text += row(value: maximum, level: .last, seen: count) }
    return text + closingLines(buckets)
  }

  private func row(value: UInt64, level: PercentileLevel, seen: UInt64) -> String {
    [
      decimal(Double(min(value, maximum)), places: 3, width: 12),
      decimal(level.percent / 100, places: 12, width: 14),
      padded("\(seen)", 10),
      level.isLast
        ? padded("inf", 16) : decimal(100 / (100 - level.percent), places: 2, width: 16),
    ].joined(separator: " ") + "\n"
  }

  private func closingLines(_ buckets: [Bucket]) -> String {
    let mean = decimal(mean, places: 3, width: 12)
    let deviation = decimal(standardDeviation(of: buckets), places: 3, width: 12)
    let maximum = decimal(Double(maximum), places: 3, width: 12)
    let powers = padded("\(BucketLayout.powerCount)", 12)
    let subBuckets = padded("\(BucketLayout.subBucketCount)", 12)
    return """
      #[Mean    = \(mean), StdDeviation   = \(deviation)]
      #[Max     = \(maximum), Total count    = \(padded("\(count)", 12))]
      #[Buckets = \(powers), SubBuckets     = \(subBuckets)]

      """
  }

  /// From the middles of the buckets, as HdrHistogram does. The format wants it; we do not print it
  /// elsewhere, because latencies are nowhere near a normal distribution.
  private func standardDeviation(of buckets: [Bucket]) -> Double {
    guard count > 0 else { return 0 }
    let mean = mean
    let squares = buckets.reduce(0.0) { sum, bucket in
      let middle = (Double(bucket.lowerBound) + Double(bucket.upperBound)) / 2
      return sum + Double(bucket.count) * (middle - mean) * (middle - mean)
    }
    return (squares / Double(count)).squareRoot()
  }
}

/// Where the next row stands between 0 and 100 percent.
private struct PercentileLevel {
  private(set) var percent: Double
  /// What is left to 100 halves with each lap of five steps, so every sum here is exact.
  private var step: Double
  private var stepsLeft = PercentileLevel.stepsPerHalfDistance

  private static let stepsPerHalfDistance = 5

  static var last: PercentileLevel { PercentileLevel(percent: 100, step: 0) }

  init() { self.init(percent: 0, step: 50 / Double(PercentileLevel.stepsPerHalfDistance)) }

  private init(percent: Double, step: Double) {
    self.percent = percent
    self.step = step
  }

  var isLast: Bool { percent >= 100 }

  mutating func advance() {
    percent += step
    stepsLeft -= 1
    if stepsLeft == 0 {
      step /= 2
      stepsLeft = PercentileLevel.stepsPerHalfDistance
    }
  }
}

/// `text` with spaces before it up to `width`.
private func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// `value`, which is finite and not negative, with `places` decimals: `%f` of C without Foundation.
private func decimal(_ value: Double, places: Int, width: Int) -> String {
  let scale = (0..<places).reduce(1.0) { power, _ in power * 10 }
  let whole = value.rounded(.down)
  let fraction = ((value - whole) * scale).rounded()
  let carry: UInt128 = fraction >= scale ? 1 : 0
  let digits = "\(carry == 1 ? 0 : UInt64(fraction))"
  let zeros = String(repeating: "0", count: places - digits.count)
  return padded("\(UInt128(whole) + carry).\(zeros)\(digits)", width)
}
