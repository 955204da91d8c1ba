// A row of the benchmark: what was counted, what the model makes of it, and what the thread says.

import Measurement

/// A row.
public struct RangeRow: Sendable {
  /// Which.
  public let row: ThreadFigures.Row
  /// Counted without the series.
  public let base: RangeEvents
  /// And with it.
  public let series: RangeEvents
  /// What the host's events cost; of ADJUST_MAPPINGS that is a part only.
  public let predicted: RangeTimes
  /// base / series as the model has it: of the predicted times or, of ADJUST_MAPPINGS, of the guests'
  /// references to memory.
  public let predictedRatio: Double
  /// The same of the model that the ratio is constant.
  public let constantRatio: Double
  /// What the thread has for it.
  public let thread: RangeTimes?
  /// Seconds of CPU time that both runs took here.
  public let cpuSeconds: Double

  /// A row of these events.
  public init(
    _ row: ThreadFigures.Row, base: RangeEvents, series: RangeEvents, _ costs: RangeCosts,
    thread: RangeTimes?, cpuSeconds: Double = 0
  ) {
    self.row = row
    self.cpuSeconds = cpuSeconds
    self.base = base
    self.series = series
    self.thread = thread
    constantRatio = costs.constantRatio
    func host(_ events: RangeEvents) -> HostEvents {
      row.measure == .adjust ? events.adjust ?? HostEvents() : events.unmap
    }
    predicted = RangeTimes(
      base: costs.seconds(host(base)), series: costs.seconds(host(series)))
    switch row.measure {
    case .unmap: predictedRatio = predicted.ratio
    case .adjust:
      predictedRatio =
        Double(base.vcpu?.references ?? 0) / Double(max(1, series.vcpu?.references ?? 0))
    }
  }

  /// The host's events of a variant.
  public func host(_ events: RangeEvents) -> HostEvents? {
    row.measure == .adjust ? events.adjust : events.unmap
  }

  /// What all vCPUs of a variant did; nil of Unmap VM, where none runs.
  public func guests(_ events: RangeEvents) -> GuestEvents? {
    row.measure == .adjust ? events.vcpu.map { $0 * row.guest.vcpus } : nil
  }

  /// An error as a share of what the thread has; nil where it has nothing.
  public static func error(_ predicted: Double, _ thread: Double?) -> Double? {
    thread.map { (predicted - $0) / $0 }
  }

  /// The errors of the model: of both times and of what the series saves, which it has of Unmap VM only,
  /// and of the ratio.
  public var errors: (base: Double?, series: Double?, saved: Double?, ratio: Double?) {
    let times = row.measure == .unmap ? thread : nil
    return (
      Self.error(predicted.base, times?.base), Self.error(predicted.series, times?.series),
      Self.error(predicted.saved, times?.saved), Self.error(predictedRatio, thread?.ratio)
    )
  }

  /// The ratio if base is taken as the thread has it, and only what the series saves of it from the
  /// model. The row's base goes in as what was known before the series; its other time does not. nil
  /// where the model saves more than there is, and of ADJUST_MAPPINGS.
  public var ratioGivenBase: Double? {
    guard row.measure == .unmap, let base = thread?.base, base > predicted.saved else { return nil }
    return base / (base - predicted.saved)
  }
  /// Its error.
  public var errorGivenBase: Double? {
    ratioGivenBase.flatMap { Self.error($0, thread?.ratio) }
  }
  /// The error of the constant ratio.
  public var constantError: Double? { Self.error(constantRatio, thread?.ratio) }

  /// What is beyond `tolerance`, by name; nil where the thread has nothing.
  public var notExplained: [String]? {
    guard thread != nil else { return nil }
    let errors = errors
    return [
      ("base", errors.base), ("series", errors.series), ("saved", errors.saved),
      ("ratio", errors.ratio),
    ].filter { abs($0.1 ?? 0) > Self.tolerance }.map(\.0)
  }

  /// An error beyond which a figure counts as not explained.
  public static let tolerance = 0.25
}

/// A line through a column: what is there however small the guest is, and what each GB adds.
///
/// By the medians of all slopes and of all that is left (Theil and Sen), so that single rows that
/// scatter do not turn it. It describes a column and predicts nothing.
public struct RangeLine: Equatable, Sendable {
  /// Seconds at 0 GB.
  public let fixed: Double
  /// Seconds that a GB adds.
  public let perGigabyte: Double

  /// The line through `points`; nil if there are fewer than three.
  public init?(_ points: [(gigabytes: Int, seconds: Double)]) {
    guard points.count >= 3 else { return nil }
    var slopes: [Double] = []
    for (index, one) in points.enumerated() {
      for other in points[(index + 1)...] where one.gigabytes != other.gigabytes {
        slopes.append(
          (other.seconds - one.seconds) / Double(other.gigabytes - one.gigabytes))
      }
    }
    guard !slopes.isEmpty else { return nil }
    let slope = Samples(slopes).median
    perGigabyte = slope
    fixed = Samples(points.map { $0.seconds - slope * Double($0.gigabytes) }).median
  }
}
