// The mutants of several systems, added up.

/// What was broken by machine in several systems, and who noticed.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct MutantSummary: Encodable, Sendable {
  public let command = "selftest"
  public var seed: String
  public var systems: [MutantReport]
  public var mutants: Int
  public var killed: Int
  /// Survivors that have a reason.
  public var explained: Int
  public var exitCode: Int32

  /// The sum of `systems`.
  public init(seed: String, systems: [MutantReport]) {
    self.seed = seed
    self.systems = systems
    mutants = systems.reduce(0) { $0 + $1.mutants.count }
    killed = systems.reduce(0) { $0 + $1.killed }
    explained = systems.reduce(0) { $0 + $1.explained }
    exitCode = mutants == 0 ? 7 : systems.allSatisfy { $0.exitCode == 0 } ? 0 : 1
  }

  /// A row for each system, the survivors that nobody can explain, and the sum.
  public func text(style: TextStyle) -> String {
    var lines = TextTable.render(
      [["system", "mutants", "seen", "survive with a reason", ""]]
        + systems.map { system in
          [
            system.system, "\(system.mutants.count)", "\(system.killed)", "\(system.explained)",
            system.exitCode == 0 ? "" : "WRONG",
          ]
        }, alignRight: [1, 2, 3])
    for system in systems {
      lines += system.mutants.filter { $0.killedBy == nil && $0.reason == nil }
        .map { "  \(system.system), \($0.name): " + style.bad("NOBODY KNOWS WHY") }
    }
    lines.append("")
    let sum =
      "\(killed) of \(mutants) mutants of \(systems.count) systems seen, \(explained) survive with "
      + "a reason"
    let unexplained = mutants - killed - explained
    lines.append(
      unexplained == 0 ? style.good(sum) : style.bad(sum + ", \(unexplained) without one"))
    lines.append("seed \(seed)")
    return lines.joined(separator: "\n") + "\n"
  }
}
