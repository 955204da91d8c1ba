// The report of a bench, as values and as a table.

import Measurement

/// What was measured.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct BenchReport: Encodable, Sendable {
  public let command = "bench"
  public var host: String
  public var clock: Clock
  public var rows: [Row]

  /// A report of these rows.
  public init(host: String, clock: Clock, rows: [Row]) {
    self.host = host
    self.clock = clock
    self.rows = rows
  }

  /// The counter that latencies are read from.
  public struct Clock: Encodable, Sendable {
    /// What it is.
    public let name: String
    public let nanosecondsPerTick: Double
    /// How far apart its calibrations were.
    public let relativeSpread: Double

    /// A clock of this rate.
    public init(name: String, nanosecondsPerTick: Double, relativeSpread: Double) {
      self.name = name
      self.nanosecondsPerTick = nanosecondsPerTick
      self.relativeSpread = relativeSpread
    }
  }

  /// One case of one system on so many pCPUs. Times in ns; percentiles are of single calls and
  /// include the reading of the clock.
  public struct Row: Encodable, Sendable {
    @OrNull public var system: String?
    public let `case`: String
    public let pcpus: Int
    @OrNull public var nsPerOp: Double?
    @OrNull public var cyclesPerOp: Double?
    public let p50: UInt64
    public let p90: UInt64
    public let p99: UInt64
    public let p999: UInt64
    public let p9999: UInt64
    public let max: UInt64
    public let samples: UInt64
    public let preemptedSamples: UInt64
    @OrNull public var opsPerSecond: Double?
    @OrNull public var floorNsPerOp: Double?
    @OrNull public var ratioToFloor: Double?
    public let stable: Bool

    /// A row of these figures.
    public init(
      system: String?, case benchCase: String, pcpus: Int, nsPerOp: Double?,
      cyclesPerOp: Double?, latency: LatencySummary, preemptedSamples: UInt64,
      opsPerSecond: Double?, floorNsPerOp: Double?, ratioToFloor: Double?, stable: Bool
    ) {
      self.system = system
      self.case = benchCase
      self.pcpus = pcpus
      self.nsPerOp = nsPerOp
      self.cyclesPerOp = cyclesPerOp
      p50 = latency.p50
      p90 = latency.p90
      p99 = latency.p99
      p999 = latency.p999
      p9999 = latency.p9999
      max = latency.max
      samples = latency.count
      self.preemptedSamples = preemptedSamples
      self.opsPerSecond = opsPerSecond
      self.floorNsPerOp = floorNsPerOp
      self.ratioToFloor = ratioToFloor
      self.stable = stable
    }
  }

  /// The table. With `withFloor` it shows the ratio to the floor.
  public func text(withFloor: Bool, style: TextStyle) -> String {
    var header = ["system", "case", "pCPUs", "ns/op", "ticks/op"]
    if withFloor { header.append("x floor") }
    header += ["", "ops/s", "p50", "p99", "p99.9", "p99.99", "max", "preempted"]
    let table = [header] + rows.map { cells(of: $0, withFloor: withFloor) }
    let lines = TextTable.render(table, alignRight: Set(2..<header.count))
    return lines.joined(separator: "\n") + "\n\n" + notes(withFloor)
  }

  private func cells(of row: Row, withFloor: Bool) -> [String] {
    func text(_ value: Double?, _ digits: Int) -> String {
      value.map { TextNumber.fixed($0, digits) } ?? "-"
    }
    var cells = [
      row.system ?? "-", row.case, "\(row.pcpus)", text(row.nsPerOp, 2),
      text(row.cyclesPerOp, 1),
    ]
    if withFloor { cells.append(text(row.ratioToFloor, 2)) }
    cells.append(row.stable ? "" : "unstable")
    cells.append(row.opsPerSecond.map(TextNumber.short) ?? "-")
    cells += [row.p50, row.p99, row.p999, row.p9999, row.max].map(TextNumber.grouped)
    cells.append("\(row.preemptedSamples)")
    return cells
  }

  private func notes(_ withFloor: Bool) -> String {
    var lines = [
      "ns/op: median over rounds of (time for 2n - time for n) / n, per pCPU; in the rollover case "
        + "per rollover.",
      "p50 ... max: single calls in ns, each with two readings of the clock (row clock); preempted "
        + "ones apart.",
      "unstable: the rounds differ by more than 5 % (median absolute deviation).",
      "ticks: \(clock.name), \(TextNumber.fixed(clock.nanosecondsPerTick, 4)) ns each. "
        + "host: \(host)",
    ]
    if withFloor {
      lines.insert(
        "x floor: against a bare relaxed compare-exchange, measured in the same rounds.", at: 1)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
