// The times that were posted with the series (v7, July 2023), in seconds.

import RangeInvalidation

/// What was timed.
public enum RangeMeasure: String, Sendable, CaseIterable {
  /// KVM_ADJUST_MAPPINGS: from waking the vCPUs until the last has read all memory.
  case adjust = "ADJUST_MAPPINGS"
  /// Taking away all that the VM has.
  case unmap = "Unmap VM"
}

/// A time of each variant.
public struct RangeTimes: Equatable, Sendable {
  /// Without the series.
  public var base: Double
  /// With it.
  public var series: Double

  /// Two times in seconds.
  public init(base: Double, series: Double) {
    self.base = base
    self.series = series
  }

  /// How many times longer it takes without the series.
  public var ratio: Double { base / series }
  /// How much longer.
  public var saved: Double { base - series }
}

/// A table of times.
public struct ThreadFigures: Sendable {
  /// A row.
  public struct Row: Hashable, Sendable {
    /// What was timed.
    public var measure: RangeMeasure
    /// Of whom.
    public var guest: RangeGuest

    /// A row.
    public init(_ measure: RangeMeasure, of guest: RangeGuest) {
      self.measure = measure
      self.guest = guest
    }

    /// The only row that costs are calibrated on: 4 KiB pages, 1 GB, and the one vCPU that the test has
    /// unless told.
    public static let calibration = Row(
      .unmap, of: RangeGuest(gigabytes: 1, vcpus: 1, backing: .pages))
  }

  private var times: [Row: RangeTimes] = [:]

  /// No times.
  public init() {}

  /// The times of a row; nil if there are none.
  public subscript(row: Row) -> RangeTimes? {
    get { times[row] }
    set { times[row] = newValue }
  }

  /// The features of the CPUs that they were taken on, as far as the series asks for them.
  public static let features: RangeFeatures = [.tlbiRange, .fwb]

  /// The posted ones: <20230722022251.3446223-1-rananta@google.com>.
  public static let posted: ThreadFigures = {
    var figures = ThreadFigures()
    func add(
      _ measure: RangeMeasure, _ gigabytes: Int, _ vcpus: Int, _ backing: RangeBacking,
      _ base: Double, _ series: Double
    ) {
      let guest = RangeGuest(gigabytes: gigabytes, vcpus: vcpus, backing: backing)
      figures[Row(measure, of: guest)] = RangeTimes(base: base, series: series)
    }
    let blocks: [(gigabytes: Int, adjust: (Double, Double), unmap: (Double, Double))] = [
      (1, (3.33, 3.22), (0.009, 0.005)), (2, (7.39, 7.32), (0.012, 0.006)),
      (4, (13.49, 10.50), (0.017, 0.008)), (8, (21.60, 21.50), (0.027, 0.011)),
      (16, (57.02, 43.63), (0.046, 0.018)), (32, (95.92, 83.26), (0.087, 0.030)),
      (64, (199.57, 165.14), (0.146, 0.055)), (128, (423.65, 349.37), (0.280, 0.100)),
    ]
    for row in blocks {
      add(.adjust, row.gigabytes, 128, .blocks, row.adjust.0, row.adjust.1)
      add(.unmap, row.gigabytes, 128, .blocks, row.unmap.0, row.unmap.1)
    }
    let vcpus: [(Int, Double, Double)] = [
      (1, 111.44, 114.63), (2, 102.88, 74.64), (4, 134.83, 98.78), (8, 98.81, 95.01),
      (16, 127.41, 99.05), (32, 105.35, 91.75), (64, 201.13, 163.63),
    ]
    for (count, base, series) in vcpus { add(.adjust, 128, count, .blocks, base, series) }
    let pages: [(Int, Double, Double)] = [
      (1, 0.54, 0.13), (2, 1.07, 0.25), (4, 2.10, 0.47), (8, 4.19, 0.92), (16, 8.35, 1.92),
      (32, 16.66, 3.61), (64, 32.36, 7.62), (128, 64.65, 14.39),
    ]
    for (gigabytes, base, series) in pages { add(.unmap, gigabytes, 1, .pages, base, series) }
    return figures
  }()
}
