// The test of the tester: every fault must be found, every right version must stay clean.

import Allocators
import Domain

/// How much a selftest does.
public struct SelftestPlan: Sendable {
  /// Each fault is soaked for at most this long.
  public var budgetPerFault: Duration
  /// Each right version is soaked for this long.
  public var cleanRun: Duration
  /// Right versions are soaked, and faults looked for, with so many seeds each.
  public var seeds: Int
  /// Whether a fault is done as soon as one seed shows it; then up to three are tried.
  public var stopsAtFirstSighting = false

  /// How many seeds a fault may have.
  var seedsPerFault: Int { stopsAtFirstSighting ? 3 : seeds }

  /// For tests and every day. What nine of ten seeds show, one seed now and then does not.
  public static let quick = SelftestPlan(
    budgetPerFault: .seconds(30), cleanRun: .seconds(5), seeds: 1, stopsAtFirstSighting: true)
  /// The counts of the acceptance table: 10 seeds, a minute for each clean run.
  public static let full = SelftestPlan(
    budgetPerFault: .seconds(30), cleanRun: .seconds(60), seeds: 10)
}

/// What became of one fault.
public struct FaultOutcome: Sendable {
  /// The fault.
  public let fault: Fault
  /// For each seed the oracle of its row that saw it, and when; nil where none did in time.
  public let sightings: [(oracle: OracleID, after: Duration)?]

  /// How many seeds found it.
  public var foundCount: Int { sightings.count { $0 != nil } }
  /// Whether one sighting is enough.
  let oneIsEnough: Bool
  /// Whether at least nine of ten seeds found it, or one where one is enough.
  public var isFound: Bool {
    oneIsEnough ? foundCount > 0 : foundCount > 0 && foundCount * 10 >= sightings.count * 9
  }
  /// The times of those that did, ascending.
  public var times: [Duration] { sightings.compactMap { $0?.after }.sorted() }
}

/// What became of one right version.
public struct CleanOutcome: Sendable {
  /// Its name; an equivalent fault's if it is one.
  public let name: String
  /// The scenario.
  public let scenario: String
  /// What was said, which must be nothing.
  public let findings: [Finding]
  /// Comparisons made.
  public let checks: UInt64
  /// Whether some run ended otherwise than clean.
  public let isClean: Bool
}

/// Runs the catalogue.
public enum Selftest {
  /// Soaks one fault on its scenario until an oracle of its row sees it.
  public static func run(
    _ fault: Fault, on scenario: Scenario, plan: SelftestPlan, seed: Seed,
    goOn: @escaping () -> Bool = { true }
  ) throws -> FaultOutcome {
    var sightings: [(oracle: OracleID, after: Duration)?] = []
    for number in 0..<plan.seedsPerFault where goOn() {
      if plan.stopsAtFirstSighting, sightings.contains(where: { $0 != nil }) { break }
      sightings.append(
        try sighting(
          of: fault, on: scenario, budget: plan.budgetPerFault,
          seed: seed.child("\(fault.name) \(number)"), goOn: goOn))
    }
    return FaultOutcome(
      fault: fault, sightings: sightings, oneIsEnough: plan.stopsAtFirstSighting)
  }

  private static func sighting(
    of fault: Fault, on scenario: Scenario, budget: Duration, seed: Seed,
    goOn: @escaping () -> Bool
  ) throws -> (oracle: OracleID, after: Duration)? {
    var scenario = scenario
    scenario.system = fault.kind.system.name
    scenario.duration = budget
    // A stall is looked for with less patience than in a long run.
    scenario.stallAfter = min(scenario.stallAfter, .seconds(1))
    if fault.needsPauses { scenario.perturb = .light }
    let result = try Soak.run(
      SoakOrder(scenario, fault: fault, seed: seed), progress: { _ in goOn() })
    return result.findings.first { fault.oracles.contains($0.oracle) }
      .map { ($0.oracle, $0.elapsed) }
  }

  /// Soaks a version that must stay clean; a fault only if it is equivalent.
  public static func runClean(
    _ fault: Fault?, on scenario: Scenario, plan: SelftestPlan, seed: Seed,
    goOn: @escaping () -> Bool = { true }
  ) throws -> CleanOutcome {
    var scenario = scenario
    if let fault { scenario.system = fault.kind.system.name }
    scenario.duration = plan.cleanRun
    var findings: [Finding] = []
    var checks: UInt64 = 0
    var isClean = true
    for number in 0..<plan.seeds where goOn() {
      let order = try SoakOrder(scenario, fault: fault, seed: seed.child("clean \(number)"))
      let result = try Soak.run(order, progress: { _ in goOn() })
      findings += result.findings
      checks += result.counts.allChecks
      isClean = isClean && result.verdict == .clean && result.findings.isEmpty
    }
    return CleanOutcome(
      name: fault?.name ?? scenario.system, scenario: scenario.name, findings: findings,
      checks: checks, isClean: isClean && checks > 0)
  }
}
