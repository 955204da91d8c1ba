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
    /// What looked for it: `soak`, or `soak, perturb light`.
    public let mode: String
    public let found: Bool
    /// Seeds that found it, of those tried.
    public let foundSeeds: Int
    public let seeds: Int
    /// The oracle of its row that saw it first; nil if none did.
    @OrNull public var oracle: String?
    /// Median time until it was seen; nil if it was not.
    @OrNull public var seconds: Double?

    /// A row of these values.
    public init(
      id: String, name: String, system: String, mode: String, found: Bool, foundSeeds: Int,
      seeds: Int, oracle: String?, seconds: Double?
    ) {
      self.id = id
      self.name = name
      self.system = system
      self.mode = mode
      self.found = found
      self.foundSeeds = foundSeeds
      self.seeds = seeds
      self.oracle = oracle
      self.seconds = seconds
    }
  }

  /// One version that must stay clean.
  public struct CleanRow: Encodable, Sendable {
    public let system: String
    public let scenario: String
    /// How many findings there were: 0.
    public let findings: Int
    public let checks: UInt64
    public let isClean: Bool

    /// A row of these values.
    public init(system: String, scenario: String, findings: Int, checks: UInt64, isClean: Bool) {
      self.system = system
      self.scenario = scenario
      self.findings = findings
      self.checks = checks
      self.isClean = isClean
    }
  }

  /// The two tables and the score.
  public func text(style: TextStyle) -> String {
    var lines = TextTable.render(
      [["fault", "looked for by", "seeds", "oracle", "median time", ""]]
        + faults.map { row in
          [
            row.name, row.mode, "\(row.foundSeeds)/\(row.seeds)", row.oracle ?? "-",
            row.seconds.map(TextNumber.seconds) ?? "-", row.found ? "found" : "MISSED",
          ]
        }, alignRight: [2, 4])
    lines.append("")
    lines += TextTable.render(
      [["must stay clean", "scenario", "checks", "findings", ""]]
        + clean.map { row in
          [
            row.system, row.scenario, TextNumber.short(Double(row.checks)), "\(row.findings)",
            row.isClean ? "clean" : "REPORTED",
          ]
        }, alignRight: [2, 3])
    let right = faults.count { $0.found } + clean.count { $0.isClean }
    let all = faults.count + clean.count
    let summary = "score \(right) of \(all)"
    lines.append("")
    lines.append(right == all ? style.good(summary) : style.bad(summary) + ": a verdict is wrong")
    lines.append("seed \(seed)")
    return lines.joined(separator: "\n") + "\n"
  }
}
