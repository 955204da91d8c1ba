// What events cost. Two costs, because one row of the thread has two times.

/// The cost model: a time is the sum of its events' costs, whoever causes them and whatever the guest's
/// memory is backed by.
public struct RangeCosts: Equatable, Sendable {
  /// Seconds for an entry that is taken out: all that the host does for it but invalidating.
  public let perLeaf: Double
  /// Seconds for an invalidation on every CPU, with the barriers before it and behind it.
  public let perBroadcast: Double
  /// base / series of the row that they are calibrated on: what a model says that knows no events and
  /// takes the ratio for constant.
  public let constantRatio: Double

  /// The costs with which the events of one row give its two times.
  ///
  /// - Precondition: the variants differ in broadcasts.
  public init(calibratedOn base: HostEvents, series: HostEvents, times: RangeTimes) {
    // leaves * perLeaf + broadcasts * perBroadcast = time, for both.
    let (a, b) = (Double(base.leaves), Double(base.broadcasts))
    let (c, d) = (Double(series.leaves), Double(series.broadcasts))
    let determinant = a * d - b * c
    precondition(
      determinant != 0, "the variants' events are in proportion: nothing to calibrate on")
    perLeaf = (times.base * d - b * times.series) / determinant
    perBroadcast = (a * times.series - c * times.base) / determinant
    constantRatio = times.ratio
  }

  /// What these events cost.
  public func seconds(_ events: HostEvents) -> Double {
    Double(events.leaves) * perLeaf + Double(events.broadcasts) * perBroadcast
  }
}
