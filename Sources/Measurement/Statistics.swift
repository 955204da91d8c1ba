// Statistics of a handful of repeated measurements, and whether they may be trusted.

/// A few measurements of one thing, and how well they agree.
///
/// Medians throughout, because the noise of a timing is one-sided: an interrupt, a migration or a
/// busy neighbour makes a round slower, hardly anything makes it faster. One such round moves a mean
/// and a standard deviation as far as it likes; a median, and the median of the distances to it,
/// do not notice until half of the rounds are disturbed.
public struct Samples: Sendable, Equatable {
  /// The measurements, ascending.
  private let sorted: [Double]

  /// The measurements `values`, in any order.
  ///
  /// - Precondition: there is at least one, and none is NaN.
  public init(_ values: [Double]) {
    require(!values.isEmpty, "statistics need at least one measurement, but there is none")
    require(
      !values.contains(where: \.isNaN), "statistics of \(values): a measurement is not a number")
    sorted = values.sorted()
  }

  /// How many measurements there are.
  public var count: Int { sorted.count }

  /// The least measurement: the one that was disturbed least.
  public var minimum: Double { sorted[0] }

  /// The greatest measurement.
  public var maximum: Double { sorted[sorted.count - 1] }

  /// The measurement in the middle; between the two middle ones if their number is even.
  public var median: Double { middle(of: sorted) }

  /// The median of the distances to the median, in the unit of the measurements.
  public var medianAbsoluteDeviation: Double {
    let median = median
    return middle(of: sorted.map { abs($0 - median) }.sorted())
  }

  /// The median absolute deviation as a share of the median: 0.01 reads "typically 1% off".
  /// Infinite if the median is 0 and the measurements differ.
  public var relativeSpread: Double {
    let deviation = medianAbsoluteDeviation
    return deviation == 0 ? 0 : deviation / abs(median)
  }

  /// Whether the measurements agree well enough to be quoted: their relative spread is at most
  /// `limit`. Fewer than three never do, for with two no one can tell which was disturbed.
  public func isStable(within limit: Double = 0.05) -> Bool {
    count >= 3 && relativeSpread <= limit
  }
}

/// The median of `sorted`, which is ascending and not empty.
private func middle(of sorted: [Double]) -> Double {
  let upper = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[upper - 1] + sorted[upper]) / 2 : sorted[upper]
}
