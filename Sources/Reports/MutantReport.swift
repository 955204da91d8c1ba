// The report of a system's mutants: what was broken by machine, and who noticed.

/// Every mutant of one system.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct MutantReport: Encodable, Sendable {
  public let command = "selftest"
  public var system: String
  public var seed: String
  public var schedulesPerScenario: Int
  public var mutants: [Row]
  public var killed: Int
  /// Survivors that have a reason.
  public var explained: Int
  public var exitCode: Int32

  /// A report of these rows. A survivor without a reason is a wrong verdict.
  public init(system: String, seed: String, schedulesPerScenario: Int, mutants: [Row]) {
    self.system = system
    self.seed = seed
    self.schedulesPerScenario = schedulesPerScenario
    self.mutants = mutants
    killed = mutants.count { $0.killedBy != nil }
    explained = mutants.count { $0.killedBy == nil && $0.reason != nil }
    exitCode = mutants.isEmpty ? 7 : killed + explained == mutants.count ? 0 : 1
  }

  /// One mutant.
  public struct Row: Encodable, Sendable {
    public let name: String
    @OrNull public var killedBy: String?
    @OrNull public var scenario: String?
    public let schedules: Int
    @OrNull public var reason: String?

    /// A row of these values.
    public init(
      name: String, killedBy: String?, scenario: String?, schedules: Int, reason: String?
    ) {
      self.name = name
      self.killedBy = killedBy
      self.scenario = scenario
      self.schedules = schedules
      self.reason = reason
    }
  }

  /// The table, the survivors with their reasons, and the score.
  public func text(style: TextStyle) -> String {
    var lines = TextTable.render(
      [["mutant", "seen by", "scenario", "schedules"]]
        + mutants.filter { $0.killedBy != nil }.map { row in
          [
            row.name, row.killedBy ?? "-", row.scenario ?? "-",
            TextNumber.grouped(UInt64(row.schedules)),
          ]
        }, alignRight: [3])
    lines += ["", "survivors"]
    lines += mutants.filter { $0.killedBy == nil }.map { row in
      "  \(row.name): " + (row.reason ?? style.bad("NOBODY KNOWS WHY"))
    }
    let unexplained = mutants.count - killed - explained
    let summary =
      "\(killed) of \(mutants.count) mutants of \(system) seen, \(explained) survive with a reason"
    lines.append("")
    lines.append(
      unexplained == 0
        ? style.good(summary) : style.bad(summary + ", \(unexplained) without one"))
    lines.append("seed \(seed), \(schedulesPerScenario) schedules of each scenario")
    return lines.joined(separator: "\n") + "\n"
  }
}
