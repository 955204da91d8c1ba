// The tables of `bench --range`.

/// The runs of the thread, base against series.
public struct RangeReport: Sendable {
  private let host: String
  private let features: String
  private let costs: Costs
  private let rows: [Row]
  private let lines: [Line]

  /// A report of these rows.
  public init(host: String, features: String, costs: Costs, rows: [Row], lines: [Line]) {
    self.host = host
    self.features = features
    self.costs = costs
    self.rows = rows
    self.lines = lines
  }

  /// What events cost.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Costs: Encodable, Sendable {
    public let calibratedOn: String
    public let nsPerLeaf: Double
    public let nsPerBroadcast: Double
    public let constantRatio: Double

    /// These costs.
    public init(
      calibratedOn: String, nsPerLeaf: Double, nsPerBroadcast: Double, constantRatio: Double
    ) {
      self.calibratedOn = calibratedOn
      self.nsPerLeaf = nsPerLeaf
      self.nsPerBroadcast = nsPerBroadcast
      self.constantRatio = constantRatio
    }
  }

  /// A figure of each variant.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Pair<Value: Encodable & Sendable>: Encodable, Sendable {
    public let base: Value
    public let series: Value

    /// These figures.
    public init(base: Value, series: Value) {
      self.base = base
      self.series = series
    }
  }

  /// What was counted of a variant; null where nobody does it.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Events: Encodable, Sendable {
    public let leaves: UInt64
    public let broadcasts: UInt64
    public let rangeInvalidations: UInt64
    public let pageInvalidations: UInt64
    public let tagInvalidations: UInt64
    @OrNull public var accesses: UInt64?
    @OrNull public var faults: UInt64?
    @OrNull public var fills: UInt64?
    @OrNull public var refills: UInt64?
    @OrNull public var walkSteps: UInt64?
    @OrNull public var stage2Hits: UInt64?

    /// The host's part; the guests' is set beside it.
    public init(
      leaves: UInt64, broadcasts: UInt64, rangeInvalidations: UInt64, pageInvalidations: UInt64,
      tagInvalidations: UInt64
    ) {
      self.leaves = leaves
      self.broadcasts = broadcasts
      self.rangeInvalidations = rangeInvalidations
      self.pageInvalidations = pageInvalidations
      self.tagInvalidations = tagInvalidations
    }
  }

  /// A row; a line of JSON. Times in seconds, errors as shares of the thread's figures.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Row: Encodable, Sendable {
    public let command = "bench"
    public let range = true
    public let measure: String
    public let backing: String
    public let gigabytes: Int
    public let vcpus: Int
    public let features: String
    public let costs: Costs
    public let events: Pair<Events>
    /// Of ADJUST_MAPPINGS the host's part only.
    public let predictedSeconds: Pair<Double>
    public let predictedRatio: Double
    @OrNull public var threadSeconds: Pair<Double>?
    @OrNull public var threadRatio: Double?
    /// Of Unmap VM only.
    @OrNull public var baseError: Double?
    @OrNull public var seriesError: Double?
    @OrNull public var savedError: Double?
    @OrNull public var ratioError: Double?
    /// base as the thread has it, and series that less what the model saves.
    @OrNull public var ratioGivenBase: Double?
    @OrNull public var givenBaseError: Double?
    @OrNull public var constantRatioError: Double?
    /// What of the thread's times the model has no event for.
    @OrNull public var unexplainedSeconds: Pair<Double>?
    /// What is beyond the tolerance: "base", "series", "saved", "ratio".
    @OrNull public var notExplained: [String]?
    /// CPU time that both runs took here.
    public var cpuSeconds = 0.0

    /// A row without what the thread says.
    public init(
      measure: String, backing: String, gigabytes: Int, vcpus: Int, features: String,
      costs: Costs, events: Pair<Events>, predictedSeconds: Pair<Double>, predictedRatio: Double
    ) {
      self.measure = measure
      self.backing = backing
      self.gigabytes = gigabytes
      self.vcpus = vcpus
      self.features = features
      self.costs = costs
      self.events = events
      self.predictedSeconds = predictedSeconds
      self.predictedRatio = predictedRatio
    }
  }

  /// A line through a column: seconds at 0 GB, and a GB's.
  public struct Line: Sendable {
    /// Of which column.
    let column: String
    let thread: (fixed: Double, perGigabyte: Double)
    let model: (fixed: Double, perGigabyte: Double)

    /// A line of the thread's times and one of the model's.
    public init(
      column: String, thread: (fixed: Double, perGigabyte: Double),
      model: (fixed: Double, perGigabyte: Double)
    ) {
      self.column = column
      self.thread = thread
      self.model = model
    }
  }

  /// The tables.
  public func text() -> String {
    var parts: [String] = []
    for (measure, backing) in [
      ("Unmap VM", "4 KiB"), ("Unmap VM", "2 MiB"), ("ADJUST_MAPPINGS", "2 MiB"),
    ] {
      let rows = rows.filter { $0.measure == measure && $0.backing == backing }
      if rows.isEmpty { continue }
      parts.append(measure == "Unmap VM" ? unmapTable(rows) : adjustTable(rows))
    }
    if let lines = lineTable() { parts.append(lines) }
    return parts.joined(separator: "\n\n") + "\n\n" + notes
  }

  private func unmapTable(_ rows: [Row]) -> String {
    let title = "Unmap VM, \(rows[0].backing) backing, vCPUs: \(rows[0].vcpus)"
    return ([title] + times(rows) + [""] + ratios(rows)).joined(separator: "\n")
  }

  private func times(_ rows: [Row]) -> [String] {
    let header = [
      "GB", "leaves", "broadcasts", "series", "base s", "model", "error", "series s", "model",
      "error", "saved s", "model", "error",
    ]
    let cells = rows.map { row in
      [
        "\(row.gigabytes)", TextNumber.short(Double(row.events.base.leaves)),
        TextNumber.short(Double(row.events.base.broadcasts)),
        TextNumber.short(Double(row.events.series.broadcasts)),
        seconds(row.threadSeconds?.base), seconds(row.predictedSeconds.base),
        percent(row.baseError), seconds(row.threadSeconds?.series),
        seconds(row.predictedSeconds.series), percent(row.seriesError),
        seconds(row.threadSeconds.map { $0.base - $0.series }),
        seconds(row.predictedSeconds.base - row.predictedSeconds.series),
        percent(row.savedError),
      ]
    }
    return TextTable.render([header] + cells, alignRight: Set(0..<header.count))
  }

  private func ratios(_ rows: [Row]) -> [String] {
    let header = [
      "GB", "ratio", "model", "error", "given base", "error", "constant", "left over, ms", "",
    ]
    let cells = rows.map { row in
      [
        "\(row.gigabytes)", ratio(row.threadRatio), ratio(row.predictedRatio),
        percent(row.ratioError), ratio(row.ratioGivenBase), percent(row.givenBaseError),
        percent(row.constantRatioError), leftOver(row),
        explanation(row),
      ]
    }
    return TextTable.render([header] + cells, alignRight: Set(0..<8))
  }

  private func adjustTable(_ rows: [Row]) -> String {
    let header = [
      "GB", "vCPUs", "broadcasts", "refills", "steps", "series", "base s", "series s", "ratio",
      "model", "error", "constant", "ns", "series", "host s", "",
    ]
    let cells = rows.map { row in
      [
        "\(row.gigabytes)", "\(row.vcpus)",
        TextNumber.short(Double(row.events.series.broadcasts)), short(row.events.series.refills),
        short(row.events.base.walkSteps), short(row.events.series.walkSteps),
        seconds(row.threadSeconds?.base), seconds(row.threadSeconds?.series),
        ratio(row.threadRatio), TextNumber.fixed(row.predictedRatio, 4), percent(row.ratioError),
        percent(row.constantRatioError), perAccess(row.threadSeconds?.base, row),
        perAccess(row.threadSeconds?.series, row), seconds(row.predictedSeconds.base),
        explanation(row),
      ]
    }
    let title = "ADJUST_MAPPINGS, 2 MiB backing"
    return ([title] + TextTable.render([header] + cells, alignRight: Set(0..<15)))
      .joined(separator: "\n")
  }

  /// nil if there are no lines.
  private func lineTable() -> String? {
    if lines.isEmpty { return nil }
    func cells(_ line: (fixed: Double, perGigabyte: Double)) -> [String] {
      [TextNumber.fixed(line.fixed * 1e3, 1), TextNumber.fixed(line.perGigabyte * 1e3, 3)]
    }
    let header = ["", "thread: at 0 GB", "per GB", "model: at 0 GB", "per GB"]
    let rows = lines.map { [$0.column] + cells($0.thread) + cells($0.model) }
    return
      (["lines through the columns of Unmap VM, ms"]
      + TextTable.render([header] + rows, alignRight: Set(1..<5))).joined(separator: "\n")
  }

  private func seconds(_ value: Double?) -> String {
    value.map { TextNumber.fixed($0, $0 < 0.1 ? 4 : $0 < 1 ? 3 : 2) } ?? "-"
  }

  private func ratio(_ value: Double?) -> String {
    value.map { TextNumber.fixed($0, 2) } ?? "-"
  }

  private func short(_ value: UInt64?) -> String {
    value.map { TextNumber.short(Double($0)) } ?? "-"
  }

  private func percent(_ error: Double?) -> String {
    guard let error else { return "-" }
    let text = TextNumber.fixed(100 * error, 1) + " %"
    return text.hasPrefix("-") ? text : "+" + text
  }

  private func leftOver(_ row: Row) -> String {
    guard let left = row.unexplainedSeconds else { return "-" }
    return TextNumber.fixed(left.base * 1e3, 1) + ", " + TextNumber.fixed(left.series * 1e3, 1)
  }

  /// The thread's time for each access of one vCPU.
  private func perAccess(_ seconds: Double?, _ row: Row) -> String {
    guard let seconds, let accesses = row.events.base.accesses else { return "-" }
    return TextNumber.fixed(seconds * 1e9 * Double(row.vcpus) / Double(accesses), 1)
  }

  /// What the model has not got, in the words of the row's own figures.
  private func explanation(_ row: Row) -> String {
    guard let missing = row.notExplained, !missing.isEmpty else { return "" }
    guard let left = row.unexplainedSeconds, row.measure == "Unmap VM",
      min(left.base, left.series) > 0
    else { return "not explained" }
    let both = TextNumber.fixed(min(left.base, left.series) * 1e3, 1)
    return "not explained: \(both) ms in both"
  }

  private var notes: String {
    """
    A time is counted events times two costs, calibrated on one row and on nothing else, \(costs.calibratedOn):
      \(TextNumber.fixed(costs.nsPerLeaf, 1)) ns for each leaf taken out, \
    \(TextNumber.fixed(costs.nsPerBroadcast, 1)) ns for each invalidation on every CPU with its barriers.
    leaves: of the guest's memory, and of its own page tables and stacks: 4 KiB pages with any backing.
    saved: base less series. given base: the ratio if base is the thread's and the model says only what is saved.
    constant: the error of the model that the ratio is everywhere \
    \(TextNumber.fixed(costs.constantRatio, 2)), as in the calibrated row.
    left over: the thread's time less the model's, base and series. not explained: an error of the model's times,
      of what is saved, or of the ratio is beyond 25 %; as much of both times as it says is no event's.
    ADJUST_MAPPINGS: broadcasts and refills are those of the series; base has half the broadcasts and as many
      refills. steps: table entries that walks read, base and series. refills and steps are those of all vCPUs.
      The calibrated row says nothing of what guests' accesses cost: from the two costs comes the host's part
      (host s, the same in both), and the model's ratio is that of references to memory: accesses and steps.
    ns: the thread's time for one access of one vCPU, in base and series.
    series: CPUs with \(features); base: the same without tlbirange.
    host: \(host)

    """
  }
}
