// What several suites of this target need.

import Domain
import Measurement

/// The highest value in the bucket of `value`, worked out from the definition and not from the
/// code under test: from 2,048 on, a power of two is cut into 1,024 buckets.
func highestEquivalent(_ value: UInt64) -> UInt64 {
  guard value >= 2_048 else { return value }
  var width: UInt64 = 1
  while value / width >= 2_048 { width *= 2 }
  return (value / width + 1) * width - 1
}

/// Values that a latency could take: every order of magnitude of the range as often as any other.
func latencies(_ count: Int, seed: UInt64) -> [UInt64] {
  var random = RandomStream(Seed(seed))
  return (0..<count).map { _ in
    random.next() % min(Histogram.highestTrackable, 2 << random.below(36))
  }
}

/// A histogram that has recorded `values`.
func histogram(of values: some Sequence<UInt64>) -> Histogram {
  var histogram = Histogram()
  for value in values { histogram.record(value) }
  return histogram
}
