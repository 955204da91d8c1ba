// The part of a selftest that runs under a scheduler.

import Allocators
import Domain
import Foundation

extension Selftest {
  /// Explores one fault's scenario until an oracle of its row sees it. What is found is made
  /// shorter, and not kept.
  public static func explore(
    _ fault: Fault, plan: SelftestPlan, seed: Seed, goOn: @escaping () -> Bool = { true }
  ) throws -> FaultOutcome {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("selftest-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    return try look(for: fault, plan: plan, seed: seed, goOn: goOn) {
      var order = try exploration(of: fault.explorationScenario, fault, fault.kind.system, seed: $0)
      order.folder = folder.path
      order.time = plan.budgetPerFault
      return sighting(of: fault, in: try Explore.run(order) { _ in goOn() })
    }
  }

  private static func sighting(of fault: Fault, in result: ExploreResult) -> Sighting? {
    guard let finding = result.findings.first, finding.isConfirmed,
      let oracle = OracleID(rawValue: finding.oracle), fault.explorationOracles.contains(oracle)
    else { return nil }
    return Sighting(
      oracle: oracle, after: result.elapsed, schedules: result.schedules,
      events: finding.eventsAfter, preemptions: finding.preemptionsAfter)
  }

  /// Explores a version that must stay clean: `fault` only if it is equivalent.
  public static func exploreClean(
    _ system: TagSystem, _ fault: Fault? = nil, on scenario: String, plan: SelftestPlan,
    seed: Seed, goOn: @escaping () -> Bool = { true }
  ) throws -> CleanOutcome {
    var order = try exploration(of: scenario, fault, system, seed: seed)
    order.schedules = plan.cleanSchedules
    let result = try Explore.run(order) { _ in goOn() }
    return CleanOutcome(
      name: fault?.name ?? system.name, scenario: scenario,
      findings: result.findings.map(\.summary),
      otherEnd: result.verdict == .clean ? nil : result.verdict.rawValue,
      checks: UInt64(result.schedules),
      rollovers: result.counts[.rollovers], vmsEnded: result.counts[.vmsDestroyed],
      isExplored: true, isClean: result.verdict == .clean)
  }

  private static func exploration(
    of name: String, _ fault: Fault?, _ system: TagSystem, seed: Seed
  ) throws -> ExploreOrder {
    var scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    scenario.system = system.name
    return ExploreOrder(try ControlledWorld(scenario, fault: fault), seed: seed)
  }

  /// The built-in scenarios with a program that fit `system`.
  public static func explorationScenarios(of system: TagSystem) throws -> [String] {
    try ScenarioLibrary.builtIn.all
      .filter {
        $0.program != nil
          && ($0.system == system.name || $0.system == system.scenariosOf
            || system.otherScenarios.contains($0.name))
      }
      .map(\.name)
  }

  /// Those, and the ones of its relatives, all set up for `system`.
  static func mutantScenarios(of system: TagSystem) throws -> [Scenario] {
    try ScenarioLibrary.builtIn.all
      .filter {
        $0.program != nil
          && ($0.system == system.name || system.otherScenarios.contains($0.name)
            || TagSystem.named($0.system)?.scenariosOf == system.scenariosOf)
      }
      .map {
        var scenario = $0
        scenario.system = system.name
        return scenario
      }
  }
}
