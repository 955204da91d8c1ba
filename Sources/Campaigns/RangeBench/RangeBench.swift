// `bench --range`: the runs of the thread, base against series.

import Host
import RangeInvalidation

/// Which runs.
public struct RangeBenchPlan: Sendable, Equatable {
  /// GB of memory.
  public var memory = [1, 2, 4, 8, 16, 32, 64, 128]
  /// vCPUs.
  public var vcpus = [1, 2, 4, 8, 16, 32, 64, 128]
  /// What the CPUs can with the series; base is the same without ranges.
  public var features = ThreadFigures.features

  /// The thread's.
  public init() {}

  /// The rows, in the order of the thread's tables: with 2 MiB backing and the most vCPUs all sizes; the
  /// largest with fewer vCPUs; with 4 KiB backing all sizes.
  public var rows: [ThreadFigures.Row] {
    let (sizes, counts) = (memory.sorted(), vcpus.sorted())
    guard let largest = sizes.last, let most = counts.last else { return [] }
    func row(
      _ measure: RangeMeasure, _ gigabytes: Int, _ vcpus: Int, _ backing: RangeBacking
    ) -> ThreadFigures.Row {
      ThreadFigures.Row(
        measure, of: RangeGuest(gigabytes: gigabytes, vcpus: vcpus, backing: backing))
    }
    return sizes.map { row(.adjust, $0, most, .blocks) }
      + counts.dropLast().map { row(.adjust, largest, $0, .blocks) }
      + sizes.map { row(.unmap, $0, most, .blocks) } + sizes.map { row(.unmap, $0, 1, .pages) }
  }
}

/// Runs guests, each once.
public struct RangeBench: Sendable {
  private let features: RangeFeatures
  private let figures: ThreadFigures
  /// What events cost.
  public let costs: RangeCosts
  private var runs: [RangeGuest: Run] = [:]

  /// Both variants of a guest.
  private struct Run {
    let base: RangeEvents
    let series: RangeEvents
    let cpuSeconds: Double

    init(_ guest: RangeGuest, _ features: RangeFeatures) {
      let start = CycleClock.threadNanoseconds()
      base = RangeEvents(of: guest, features.subtracting(.tlbiRange))
      series = RangeEvents(of: guest, features)
      cpuSeconds = Double(CycleClock.threadNanoseconds() - start) / 1e9
    }
  }

  /// Calibrates the costs, which takes a tenth of a second. `figures` has the calibration row.
  public init(
    features: RangeFeatures = ThreadFigures.features, figures: ThreadFigures = .posted
  ) {
    self.features = features
    self.figures = figures
    let row = ThreadFigures.Row.calibration
    guard let times = figures[row] else { preconditionFailure("nothing to calibrate on") }
    let guest = row.guest
    let run = Run(guest, ThreadFigures.features)
    costs = RangeCosts(calibratedOn: run.base.unmap, series: run.series.unmap, times: times)
    if features == ThreadFigures.features { runs[guest] = run }
  }

  /// A row. The thread's times stand beside it if they were taken with these features.
  public mutating func row(_ row: ThreadFigures.Row) -> RangeRow {
    let run = known(row) ?? Run(row.guest, features)
    if known(row) == nil { runs[row.guest] = run }
    return RangeRow(
      row, base: run.base, series: run.series, costs,
      thread: features == ThreadFigures.features ? figures[row] : nil, cpuSeconds: run.cpuSeconds)
  }

  /// A run that has it: of ADJUST_MAPPINGS also that of a guest with other vCPUs, where the host's work is
  /// the same, and every vCPU's.
  private func known(_ row: ThreadFigures.Row) -> Run? {
    if let run = runs[row.guest] { return run }
    guard row.measure == .adjust else { return nil }
    return runs.first { other, _ in
      other.gigabytes == row.guest.gigabytes && other.backing == row.guest.backing
    }?.value
  }
}
