// One selftest from the command line: who is looked at, in which order, and what is said of it.

import Allocators
import Campaigns
import Domain
import Host
import Reports

/// One selftest.
struct SelftestSession {
  let plan: SelftestPlan
  let seed: Seed
  let jobs: Int
  let quiet: Bool
  let signals: Signals

  /// Looks for `only`, or for the whole catalogue, and then at what must stay clean.
  func run(_ only: [Fault]?) throws -> SelftestReport {
    let catalogue = only ?? Fault.all
    let explored = try explore(catalogue.filter { !$0.explorationOracles.isEmpty })
    let soaked = try soak(
      catalogue.filter { $0.detection == .oracle || $0.detection == .soak })
    let rows = catalogue.filter { explored[$0.id] != nil || soaked[$0.id] != nil }
      .map { row($0, explored[$0.id], soaked[$0.id]) }
    // What no oracle may see stays clean: the right code, and what is equivalent to it.
    let equivalents = catalogue.filter {
      $0.detection == .equivalent || $0.detection == .threadSanitizer
    }
    var clean = try equivalents.flatMap(stayClean)
    if only == nil {
      clean += try TagSystem.all.filter { $0.verdict == .clean }.flatMap(stayClean)
    }
    if Output.showsProgress, !quiet { Output.endProgress() }
    return report(rows, clean.map(row))
  }

  // MARK: Faults

  /// Explores the faults, `jobs` at a time.
  private func explore(_ faults: [Fault]) throws -> [String: FaultOutcome] {
    let results = HostLock<(outcomes: [String: FaultOutcome], failure: (any Error)?, next: Int)>(
      ([:], nil, 0))
    let workers = (0..<min(jobs, max(faults.count, 1))).map { number in
      PinnedThread(name: "selftest-\(number)", cpu: nil) { [signals, plan, seed, self] in
        while !signals.wantsStop, let fault = take(faults, results) {
          show("explore \(fault.name)")
          let outcome = Result {
            try Selftest.explore(fault, plan: plan, seed: seed) { !signals.wantsStop }
          }
          results.withLock { results in
            switch outcome {
            case .success(let outcome): results.outcomes[fault.id] = outcome
            case .failure(let error): results.failure = error
            }
          }
        }
      }
    }
    workers.forEach { $0.join() }
    if let failure = results.withLock({ $0.failure }) { throw failure }
    return results.withLock { $0.outcomes }
  }

  private func take(
    _ faults: [Fault],
    _ results: HostLock<(outcomes: [String: FaultOutcome], failure: (any Error)?, next: Int)>
  ) -> Fault? {
    results.withLock { results in
      guard results.failure == nil, results.next < faults.count else { return nil }
      results.next += 1
      return faults[results.next - 1]
    }
  }

  /// Soaks the faults one after the other: each takes all CPUs.
  private func soak(_ faults: [Fault]) throws -> [String: FaultOutcome] {
    var outcomes: [String: FaultOutcome] = [:]
    for fault in faults where !signals.wantsStop {
      show("soak \(fault.name) (\(outcomes.count + 1) of \(faults.count))")
      outcomes[fault.id] = try Selftest.soak(fault, plan: plan, seed: seed) { !signals.wantsStop }
    }
    return outcomes
  }

  // MARK: What must stay clean

  private func stayClean(_ fault: Fault) throws -> [CleanOutcome] {
    if signals.wantsStop { return [] }
    show("\(fault.name) must stay clean")
    let scenario = try ScenarioLibrary.builtIn.scenario(named: fault.soakScenario)
    var outcomes = [
      try Selftest.soakClean(fault, on: scenario, plan: plan, seed: seed) { !signals.wantsStop }
    ]
    if fault.detection == .equivalent {
      outcomes.append(
        try Selftest.exploreClean(
          fault.kind.system, fault, on: fault.explorationScenario, plan: plan, seed: seed
        ) { !signals.wantsStop })
    }
    return outcomes
  }

  private func stayClean(_ system: TagSystem) throws -> [CleanOutcome] {
    if signals.wantsStop { return [] }
    show("\(system.name) must stay clean")
    var scenario = try ScenarioLibrary.builtIn.scenario(named: system.soakScenario)
    scenario.system = system.name
    let soaked = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: seed) {
      !signals.wantsStop
    }
    return [soaked]
      + (try Selftest.explorationScenarios(of: system).map {
        try Selftest.exploreClean(system, on: $0, plan: plan, seed: seed) { !signals.wantsStop }
      })
  }

  // MARK: The report

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

  private func row(
    _ fault: Fault, _ explored: FaultOutcome?, _ soaked: FaultOutcome?
  ) -> SelftestReport.FaultRow {
    SelftestReport.FaultRow(
      id: fault.id, name: fault.name, system: fault.kind.system.name, origin: fault.origin,
      found: explored?.isFound ?? true && soaked?.isFound ?? true,
      explored: explored.map(look), soaked: soaked.map(look))
  }

  private func look(_ outcome: FaultOutcome) -> SelftestReport.Look {
    let median = outcome.median
    return SelftestReport.Look(
      found: outcome.isFound, foundSeeds: outcome.foundCount, seeds: outcome.sightings.count,
      oracle: median?.oracle.rawValue, seconds: median?.after.inSeconds,
      schedules: median?.schedules, events: median?.events, preemptions: median?.preemptions)
  }

  private func row(_ outcome: CleanOutcome) -> SelftestReport.CleanRow {
    SelftestReport.CleanRow(
      system: outcome.name, scenario: outcome.scenario,
      mode: outcome.isExplored ? "explore" : "soak", findings: outcome.findings.count,
      said: outcome.findings.isEmpty ? outcome.otherEnd.map { [$0] } ?? [] : outcome.findings,
      checks: outcome.checks, rollovers: outcome.rollovers, vmsEnded: outcome.vmsEnded,
      isClean: outcome.isClean)
  }

  private func show(_ text: String) {
    if Output.showsProgress, !quiet { Output.progress("selftest: " + text) }
  }
}
