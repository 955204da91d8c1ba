// vmidtorture selftest.

import Allocators
import Campaigns
import Domain
import Foundation
import Host
import Reports

/// Every fault must be found, every right version stay clean.
enum SelftestCommand: Command {
  static let name = "selftest"
  static let summary = "test the tester: find every fault, report no right version"
  static let synopsis = "[OPTIONS]"

  static let options = [
    Option("--only", "NAME[,NAME]", "only these faults, by id or name; no clean runs"),
    Option("--full", nil, "10 seeds for each fault, 10 minutes for each right version"),
    Option("--time", "DURATION", "look for each fault at most this long (default 30s)"),
    Option("--jobs", "N", "explore so many faults at a time (default 1)"),
    Option("--mutants", "SYSTEM|all", "instead: break all that a right system does in every way"),
    Option("--seed", "N", "same seed, same choices (default: random, printed)"),
  ]

  static let notes = """
    Each fault is looked for by explore in its smallest world, and by soak where a live run can
    show it. One that an oracle of its row does not see in time, or a right version that anything
    is said of, is a wrong verdict: exit code 1.
    """

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    if let word = arguments.words.first {
      throw UsageError.unexpectedWord(word, command: name)
    }
    if let name = arguments["--mutants"] { return try mutants(of: name, arguments, signals) }
    var plan = arguments.has("--full") ? SelftestPlan.full : .quick
    if let text = arguments["--time"] { plan.budgetPerFault = try DurationText.parse(text) }
    let only = try arguments["--only"].map { text in
      try text.split(separator: ",", omittingEmptySubsequences: false)
        .map { try SoakCommand.fault(named: String($0)) }
    }
    let session = SelftestSession(
      plan: plan, seed: try arguments.seed(),
      jobs: try arguments.number("--jobs", in: 1...256) ?? 1, quiet: arguments.has("--quiet"),
      signals: signals)
    let report = try session.run(only)
    let text =
      arguments.has("--json")
      ? try JSONLine.render(report) + "\n" : report.text(style: Output.style)
    return deliver(
      text, verdict: report.exitCode == 0 ? "all verdicts right" : "a wrong verdict",
      exitCode: report.exitCode)
  }

  /// Mutants made by machine, of one system or of all that are right.
  private static func mutants(
    of name: String, _ arguments: ParsedArguments, _ signals: Signals
  ) throws -> Int32 {
    let systems = try systemsToBreak(name)
    let seed = try arguments.seed()
    var reports: [MutantReport] = []
    for system in systems where !signals.wantsStop {
      reports.append(try mutants(of: system, seed, arguments, signals))
    }
    let isJSON = arguments.has("--json")
    let (text, exitCode): (String, Int32)
    if name == allSystems {
      let summary = MutantSummary(seed: "\(seed)", systems: reports)
      text = isJSON ? try JSONLine.render(summary) + "\n" : summary.text(style: Output.style)
      exitCode = summary.exitCode
    } else {
      text = isJSON ? try JSONLine.render(reports[0]) + "\n" : reports[0].text(style: Output.style)
      exitCode = reports[0].exitCode
    }
    return deliver(
      text, verdict: exitCode == 0 ? "all mutants seen or explained" : "a wrong verdict",
      exitCode: exitCode)
  }

  private static let allSystems = "all"

  /// What is wrong already cannot be seen to be broken.
  private static func systemsToBreak(_ name: String) throws(UsageError) -> [TagSystem] {
    let right = TagSystem.all.filter { $0.verdict == .clean }
    if name == allSystems { return right }
    guard TagSystem.named(name) != nil else {
      throw .unknownName(kind: "system", name, names: TagSystem.all.map(\.name))
    }
    guard let system = right.first(where: { $0.name == name }) else {
      throw .unknownName(kind: "right system", name, names: right.map(\.name))
    }
    return [system]
  }

  private static func mutants(
    of system: TagSystem, _ seed: Seed, _ arguments: ParsedArguments, _ signals: Signals
  ) throws -> MutantReport {
    let run = try MutantRun(
      system, schedules: arguments.has("--full") ? 20_000 : 2_000, seed: seed)
    let shows = Output.showsProgress && !arguments.has("--quiet")
    var rows: [MutantReport.Row] = []
    for name in run.mutants where !signals.wantsStop {
      if shows { Output.progress("selftest: \(system.name), \(name)") }
      let outcome = try run.run(name)
      rows.append(
        MutantReport.Row(
          name: outcome.name, killedBy: outcome.killedBy, scenario: outcome.scenario,
          schedules: outcome.schedules, reason: outcome.reason))
    }
    if shows { Output.endProgress() }
    return MutantReport(
      system: system.name, seed: "\(seed)", schedulesPerScenario: run.schedules, mutants: rows)
  }
}
