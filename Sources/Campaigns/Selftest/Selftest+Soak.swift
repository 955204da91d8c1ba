// The part of a selftest that runs on real threads.

import Allocators
import Domain

extension Selftest {
  /// Soaks one fault on its scenario until an oracle of its row sees it.
  public static func soak(
    _ fault: Fault, plan: SelftestPlan, seed: Seed, goOn: @escaping () -> Bool = { true }
  ) throws -> FaultOutcome {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: fault.soakScenario)
    return try look(for: fault, plan: plan, seed: seed, goOn: goOn) {
      try sighting(of: fault, on: scenario, budget: plan.budgetPerFault, seed: $0, goOn: goOn)
    }
  }

  private static func sighting(
    of fault: Fault, on scenario: Scenario, budget: Duration, seed: Seed,
    goOn: @escaping () -> Bool
  ) throws -> Sighting? {
    var scenario = scenario
    scenario.system = fault.kind.system.name
    scenario.duration = budget
    // A stall is looked for with less patience than in a long run.
    scenario.stallAfter = min(scenario.stallAfter, .seconds(1))
    if fault.needsPauses { scenario.perturb = .light }
    var order = try SoakOrder(scenario, fault: fault, seed: seed)
    // A run with the fault may show its consequences first. The row asks for the cause.
    order.awaited = Set(fault.oracles)
    let result = try Soak.run(order, progress: { _ in goOn() })
    return result.findings.first { fault.oracles.contains($0.oracle) }
      .map { Sighting(oracle: $0.oracle, after: $0.elapsed) }
  }

  /// Soaks a version that must stay clean: `fault` only if no live run can show it.
  public static func soakClean(
    _ fault: Fault?, on scenario: Scenario, plan: SelftestPlan, seed: Seed,
    goOn: @escaping () -> Bool = { true }
  ) throws -> CleanOutcome {
    var scenario = scenario
    if let fault { scenario.system = fault.kind.system.name }
    scenario.duration = plan.cleanRun
    var findings: [String] = []
    var checks: UInt64 = 0
    var rollovers: UInt64 = 0
    var vmsEnded: UInt64 = 0
    var isClean = true
    var otherEnd: String?
    for number in 0..<plan.seeds where goOn() {
      let order = try SoakOrder(scenario, fault: fault, seed: seed.child("clean \(number)"))
      let result = try Soak.run(order, progress: { _ in goOn() })
      findings += result.findings.map(\.summary)
      checks += result.counts.allChecks
      rollovers += result.counts[.rollovers]
      vmsEnded += result.counts[.vmsDestroyed]
      isClean = isClean && result.verdict == .clean && result.findings.isEmpty
      if result.verdict != .clean { otherEnd = result.verdict.rawValue }
    }
    return CleanOutcome(
      name: fault?.name ?? scenario.system, scenario: scenario.name, findings: findings,
      otherEnd: otherEnd, checks: checks, rollovers: rollovers, vmsEnded: vmsEnded,
      isExplored: false,
      isClean: isClean && checks > 0)
  }
}
