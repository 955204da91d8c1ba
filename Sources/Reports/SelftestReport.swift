// The report of a selftest: how good the tester is.

/// What was found and what stayed clean.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct SelftestReport: Encodable, Sendable {
  public let command = "selftest"
  public var seed: String
  public var faults: [FaultRow]
  public var clean: [CleanRow]
  /// The share of right verdicts, 0 to 1.
  public var score: Double
  public var exitCode: Int32

  /// A report of these rows.
  public init(
    seed: String, faults: [FaultRow], clean: [CleanRow], score: Double, exitCode: Int32
  ) {
    self.seed = seed
    self.faults = faults
    self.clean = clean
    self.score = score
    self.exitCode = exitCode
  }

  /// One fault.
  public struct FaultRow: Encodable, Sendable {
    public let id: String
    public let name: String
    public let system: String
    public let origin: String
    /// How it was looked for: `explore`, `soak`, or both.
    public let mode: String
    /// Whether every way to look that applies has found it.
    public let found: Bool
    /// Of the exploration, or of the soak where there was none: seeds that found it, of those tried.
    public let foundSeeds: Int
    public let seeds: Int
    /// The oracle of its row that saw it; nil if none did.
    @OrNull public var oracle: String?
    /// Median time until it was seen; nil if it was not.
    @OrNull public var seconds: Double?
    /// The same, in an exploration.
    @OrNull public var timeToFindSeconds: Double?
    /// Schedules of the exploration up to it.
    @OrNull public var schedules: Int?
    /// Lines of its story, and preemptions, when made shorter.
    @OrNull public var eventsAfter: Int?
    @OrNull public var preemptionsAfter: Int?
    /// What the soak saw; nil if no live run can show it in time.
    @OrNull public var soak: Look?

    /// A row of these values.
    public init(
      id: String, name: String, system: String, origin: String, found: Bool, explored: Look?,
      soaked: Look?
    ) {
      self.id = id
      self.name = name
      self.system = system
      self.origin = origin
      self.found = found
      mode = [explored.map { _ in "explore" }, soaked.map { _ in "soak" }].compactMap { $0 }
        .joined(separator: ", ")
      let first = explored ?? soaked
      foundSeeds = first?.foundSeeds ?? 0
      seeds = first?.seeds ?? 0
      oracle = first?.oracle
      seconds = first?.seconds
      timeToFindSeconds = explored?.seconds
      schedules = explored?.schedules
      eventsAfter = explored?.events
      preemptionsAfter = explored?.preemptions
      soak = soaked
    }
  }

  /// What came of looking for a fault in one way: the seed in the middle of those that found it.
  public struct Look: Encodable, Sendable {
    public let found: Bool
    public let foundSeeds: Int
    public let seeds: Int
    @OrNull public var oracle: String?
    @OrNull public var seconds: Double?
    @OrNull public var schedules: Int?
    @OrNull public var events: Int?
    @OrNull public var preemptions: Int?

    /// These values.
    public init(
      found: Bool, foundSeeds: Int, seeds: Int, oracle: String?, seconds: Double?,
      schedules: Int?, events: Int?, preemptions: Int?
    ) {
      self.found = found
      self.foundSeeds = foundSeeds
      self.seeds = seeds
      self.oracle = oracle
      self.seconds = seconds
      self.schedules = schedules
      self.events = events
      self.preemptions = preemptions
    }
  }

  /// One version that must stay clean, on one scenario.
  public struct CleanRow: Encodable, Sendable {
    public let system: String
    public let scenario: String
    /// `explore` or `soak`.
    public let mode: String
    /// How many findings there were: 0.
    public let findings: Int
    /// Their first lines; how the run ended if it ended otherwise and found nothing.
    public let said: [String]
    /// Comparisons of a soak, or schedules.
    public let checks: UInt64
    public let rollovers: UInt64
    /// VMs that ended, whose numbers others get.
    public let vmsEnded: UInt64
    public let isClean: Bool

    /// A row of these values.
    public init(
      system: String, scenario: String, mode: String, findings: Int, said: [String], checks: UInt64,
      rollovers: UInt64, vmsEnded: UInt64, isClean: Bool
    ) {
      self.system = system
      self.scenario = scenario
      self.mode = mode
      self.findings = findings
      self.said = said
      self.checks = checks
      self.rollovers = rollovers
      self.vmsEnded = vmsEnded
      self.isClean = isClean
    }
  }

  /// The two tables and the score.
  public func text(style: TextStyle) -> String {
    var lines = TextTable.render(
      [
        [
          "fault", "origin", "explored", "schedules", "time", "events", "preemptions", "soaked",
          "time", "",
        ]
      ] + faults.map(cells), alignRight: [3, 4, 5, 6, 8])
    lines.append("")
    lines += TextTable.render(
      [
        [
          "must stay clean", "scenario", "by", "schedules or checks", "rollovers", "VMs ended",
          "findings", "",
        ]
      ]
        + clean.map { row in
          [
            row.system, row.scenario, row.mode, TextNumber.short(Double(row.checks)),
            TextNumber.short(Double(row.rollovers)), TextNumber.short(Double(row.vmsEnded)),
            "\(row.findings)", row.isClean ? "clean" : "REPORTED",
          ]
        }, alignRight: [3, 4, 5, 6])
    let all = faults.count + clean.count
    let summary = "score \(all - wrongVerdicts.count) of \(all)"
    lines.append("")
    if wrongVerdicts.isEmpty {
      lines.append(style.good(summary))
    } else {
      lines.append(style.bad(summary) + ": a verdict is wrong")
      lines += wrongVerdicts
    }
    lines.append("seed \(seed)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// A line for each fault that was not seen and each right version that was reported. They stand
  /// last: whoever keeps only the end of a long output keeps what went wrong.
  private var wrongVerdicts: [String] {
    faults.filter { !$0.found }.map { row in
      let soaked = row.soak.map { "soak \($0.foundSeeds) of \($0.seeds) seeds" }
      let explored =
        row.mode.hasPrefix("explore") ? "explore \(row.foundSeeds) of \(row.seeds) seeds" : nil
      let looks = [explored, soaked].compactMap { $0 }.joined(separator: ", ")
      return "MISSED \(row.name): \(looks)"
    }
      + clean.filter { !$0.isClean }.map { row in
        "REPORTED \(row.system) on \(row.scenario) by \(row.mode): "
          + row.said.joined(separator: "; ")
      }
  }

  /// What fits into a column; JSON has all of it.
  private static func shortened(_ text: String) -> String {
    text.count <= 28 ? text : text.prefix(27) + "\u{2026}"
  }

  private func cells(_ row: FaultRow) -> [String] {
    let isExplored = row.mode.hasPrefix("explore")
    func number(_ value: Int?) -> String { value.map { TextNumber.grouped(UInt64($0)) } ?? "-" }
    return [
      row.name, Self.shortened(row.origin), isExplored ? row.oracle ?? "MISSED" : "-",
      number(row.schedules),
      row.timeToFindSeconds.map(TextNumber.seconds) ?? "-", number(row.eventsAfter),
      number(row.preemptionsAfter), row.soak.map { $0.oracle ?? "MISSED" } ?? "-",
      row.soak?.seconds.map(TextNumber.seconds) ?? "-", row.found ? "found" : "MISSED",
    ]
  }
}
