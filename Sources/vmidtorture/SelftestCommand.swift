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
    Option("--seed", "N", "same seed, same choices (default: random, printed)"),
  ]

  static let notes = """
    Faults are looked for by soak, most of them on the scenario 'small'. One that an oracle of its row
    does not see in time, or a right version that anything is said of, is a wrong verdict: exit code 1.
    """

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    if let word = arguments.words.first {
      throw UsageError.unexpectedWord(word, command: name)
    }
    var plan = arguments.has("--full") ? SelftestPlan.full : .quick
    if let text = arguments["--time"] { plan.budgetPerFault = try DurationText.parse(text) }
    let only = try arguments["--only"].map { text in
      try text.split(separator: ",", omittingEmptySubsequences: false)
        .map { try SoakCommand.fault(named: String($0)) }
    }
    let session = SelftestSession(
      plan: plan, seed: try arguments.seed(), quiet: arguments.has("--quiet"),
      signals: signals)
    let report = try session.run(only)
    let text =
      arguments.has("--json")
      ? try JSONLine.render(report) + "\n" : report.text(style: Output.style)
    return deliver(
      text, verdict: report.exitCode == 0 ? "all verdicts right" : "a wrong verdict",
      exitCode: report.exitCode)
  }
}

/// One selftest from the command line.
struct SelftestSession {
  let plan: SelftestPlan
  let seed: Seed
  let quiet: Bool
  let signals: Signals

  func run(_ only: [Fault]?) throws -> SelftestReport {
    let faults = (only ?? Fault.all).filter { $0.detection == .oracle || $0.detection == .soak }
    var rows: [SelftestReport.FaultRow] = []
    for fault in faults where !signals.wantsStop {
      show("\(fault.name) (\(rows.count + 1) of \(faults.count))")
      let scenario = try ScenarioLibrary.builtIn.scenario(named: fault.soakScenario)
      rows.append(
        row(try Selftest.run(fault, on: scenario, plan: plan, seed: seed) { !signals.wantsStop }))
    }
    var clean: [SelftestReport.CleanRow] = []
    // What no oracle may see stays clean: the right code, and what is equivalent to it here.
    let equivalents = (only ?? Fault.all).filter {
      $0.detection == .equivalent || $0.detection == .threadSanitizer
    }
    let versions = (only == nil ? [nil] : []) + equivalents.map(Optional.some)
    for version in versions where !signals.wantsStop {
      let scenario = try ScenarioLibrary.builtIn.scenario(named: version?.soakScenario ?? "small")
      show("\(version?.name ?? scenario.system) must stay clean")
      let outcome = try Selftest.runClean(version, on: scenario, plan: plan, seed: seed) {
        !signals.wantsStop
      }
      clean.append(row(outcome))
    }
    if Output.showsProgress, !quiet { Output.endProgress() }
    return report(rows, clean)
  }

  private func report(
    _ faults: [SelftestReport.FaultRow], _ clean: [SelftestReport.CleanRow]
  ) -> SelftestReport {
    let right = faults.count { $0.found } + clean.count { $0.isClean }
    let all = faults.count + clean.count
    // Nothing looked at is not a pass.
    let exitCode: Int32 = all == 0 ? 7 : right == all ? 0 : 1
    return SelftestReport(
      seed: "\(seed)", faults: faults, clean: clean,
      score: all == 0 ? 0 : Double(right) / Double(all), exitCode: exitCode)
  }

  private func row(_ outcome: FaultOutcome) -> SelftestReport.FaultRow {
    let fault = outcome.fault
    return SelftestReport.FaultRow(
      id: fault.id, name: fault.name, system: fault.kind.system.name,
      mode: fault.needsPauses ? "soak, perturb light" : "soak", found: outcome.isFound,
      foundSeeds: outcome.foundCount, seeds: outcome.sightings.count,
      oracle: outcome.sightings.compactMap { $0?.oracle.rawValue }.first,
      seconds: outcome.times.isEmpty ? nil : outcome.times[outcome.times.count / 2].inSeconds)
  }

  private func row(_ outcome: CleanOutcome) -> SelftestReport.CleanRow {
    SelftestReport.CleanRow(
      system: outcome.name, scenario: outcome.scenario, findings: outcome.findings.count,
      checks: outcome.checks, isClean: outcome.isClean)
  }

  private func show(_ text: String) {
    if Output.showsProgress, !quiet { Output.progress("selftest: " + text) }
  }
}
