// The test of the tester: every fault must be found, every right version must stay clean.

import Allocators
import Domain

/// Runs the catalogue. What it looks at, and how long, its plan says.
public enum Selftest {}

/// How much a selftest does.
public struct SelftestPlan: Sendable {
  /// Each fault is soaked, and searched for, for at most this long.
  public var budgetPerFault: Duration
  /// Each right version is soaked for this long.
  public var cleanRun: Duration
  /// Each right version is explored for so many schedules of each of its scenarios.
  public var cleanSchedules: Int
  /// Right versions are soaked, and faults looked for, with so many seeds each.
  public var seeds: Int
  /// Whether a fault is done as soon as one seed shows it; then up to three are tried.
  public var stopsAtFirstSighting = false

  /// How many seeds a fault may have.
  var seedsPerFault: Int { stopsAtFirstSighting ? 3 : seeds }

  /// For tests and every day. What nine of ten seeds show, one seed now and then does not.
  public static let quick = SelftestPlan(
    budgetPerFault: .seconds(30), cleanRun: .seconds(2), cleanSchedules: 20_000, seeds: 1,
    stopsAtFirstSighting: true)
  /// The counts of the acceptance table: 10 seeds, a minute for each clean run, 10 million schedules.
  public static let full = SelftestPlan(
    budgetPerFault: .seconds(30), cleanRun: .seconds(60), cleanSchedules: 10_000_000, seeds: 10)
}

/// One seed that showed a fault.
public struct Sighting: Sendable {
  /// The oracle of its row that saw it.
  public let oracle: OracleID
  /// How long it took.
  public let after: Duration
  /// Schedules of an exploration up to it; nil for a soak.
  public var schedules: Int?
  /// Lines of its story when made shorter; nil for a soak.
  public var events: Int?
  /// Preemptions of it; nil for a soak.
  public var preemptions: Int?
}

/// What became of one fault, looked for in one way.
public struct FaultOutcome: Sendable {
  /// The fault.
  public let fault: Fault
  /// For each seed what it showed; nil where nothing was seen in time.
  public let sightings: [Sighting?]
  /// Whether one sighting is enough.
  let oneIsEnough: Bool

  /// How many seeds found it.
  public var foundCount: Int { sightings.count { $0 != nil } }
  /// Whether at least nine of ten seeds found it, or one where one is enough.
  public var isFound: Bool {
    oneIsEnough ? foundCount > 0 : foundCount > 0 && foundCount * 10 >= sightings.count * 9
  }
  /// Those that did, the quickest first.
  public var found: [Sighting] { sightings.compactMap { $0 }.sorted { $0.after < $1.after } }
  /// The one in the middle; nil if there is none.
  public var median: Sighting? { found.isEmpty ? nil : found[found.count / 2] }
}

/// What became of one right version on one scenario.
public struct CleanOutcome: Sendable {
  /// Its name; an equivalent fault's if it is one.
  public let name: String
  /// The scenario.
  public let scenario: String
  /// What was said, which must be nothing.
  public let findings: [String]
  /// How a run ended that was not clean, and said nothing; nil if there was none.
  public let otherEnd: String?
  /// Comparisons made by a soak, or schedules explored.
  public let checks: UInt64
  /// Rollovers, or starts from the first number again.
  public let rollovers: UInt64
  /// VMs that ended, and whose numbers others could get.
  public let vmsEnded: UInt64
  /// Whether it was explored, and not soaked.
  public let isExplored: Bool
  /// Whether some run ended otherwise than clean.
  public let isClean: Bool
}

extension Selftest {
  /// Looks for a fault with one seed after the other.
  static func look(
    for fault: Fault, plan: SelftestPlan, seed: Seed, goOn: () -> Bool,
    _ sighting: (Seed) throws -> Sighting?
  ) rethrows -> FaultOutcome {
    var sightings: [Sighting?] = []
    for number in 0..<plan.seedsPerFault where goOn() {
      if plan.stopsAtFirstSighting, sightings.contains(where: { $0 != nil }) { break }
      sightings.append(try sighting(seed.child("\(fault.name) \(number)")))
    }
    return FaultOutcome(
      fault: fault, sightings: sightings, oneIsEnough: plan.stopsAtFirstSighting)
  }
}
