import Allocators
import Campaigns
import Domain
import Foundation
import Testing

/// Controlled execution against the catalogue: each fault is found in its scenario, soon, by an
/// oracle of its row, and told in a few lines; what is right is not reported.
///
/// No time is asserted: schedules are counted, and they depend on the seed alone.
@Suite(
  "Exploring the catalogue", .serialized,
  .enabled(if: RealThreads.isOptimised, RealThreads.whySkipped))
struct ExploreCatalogueTests {
  /// How many schedules the portfolio takes to find each fault, the median of 31 seeds.
  static let medians = Medians.all
  /// A seed may take so many times the median.
  static let slack = 20
  static let seeds = (1...10 as ClosedRange<UInt64>).map(Seed.init)
  static let mostLines = 25
  static let mostPreemptions = 3
  static let cleanSchedules = 20_000

  static let wrong = Fault.all.filter { !$0.explorationOracles.isEmpty }
  static let scenarios = Set(Fault.all.map(\.explorationScenario)).sorted()

  @Test(arguments: wrong.map(\.id))
  func `a fault is found soon by an oracle of its row, and its story is short`(
    _ id: String
  ) throws {
    let fault = try #require(Fault.named(id))
    let median = try #require(Self.medians[id])
    try inFolder { folder in
      var counts: [Int] = []
      for seed in Self.seeds {
        var order = try order(fault.explorationScenario, fault, seed)
        order.schedules = Self.slack * median
        order.folder = folder
        let result = try Explore.run(order)
        #expect(result.verdict == .bug, "seed \(seed)")
        let finding = try #require(result.findings.first, "seed \(seed)")
        let oracle = try #require(OracleID(rawValue: finding.oracle))
        #expect(fault.explorationOracles.contains(oracle), "seed \(seed): \(finding.summary)")
        #expect(finding.isConfirmed)
        #expect(finding.eventsAfter <= Self.mostLines, "seed \(seed): \(finding.shrinking)")
        #expect(
          finding.preemptionsAfter <= Self.mostPreemptions,
          "seed \(seed): \(finding.shrinking)")
        counts.append(result.schedules)
        if seed == Self.seeds.first { try replays(finding) }
      }
      if id == "B01" {
        let sorted = counts.sorted()
        let median = (sorted[counts.count / 2 - 1] + sorted[counts.count / 2]) / 2
        #expect(median <= 200, "\(counts)")
      }
    }
  }

  private func replays(_ finding: ExploreFinding) throws {
    var hashes: Set<String> = []
    for carrier in CarrierName.allCases {
      let replay = try ReplayCampaign.run(path: finding.replayFile, carrier: carrier, times: 3)
      #expect(replay.verdict == .bug)
      #expect(replay.isReproduced, "\(carrier): \(replay.divergence ?? "")")
      hashes.insert(replay.traceHash)
    }
    #expect(hashes.count == 1)
  }

  @Test(arguments: scenarios)
  func `what is right stays clean where faults are found`(_ name: String) throws {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    let equivalent = Fault.all.filter {
      $0.detection == .equivalent && $0.kind.fits(scenario.system)
    }
    for fault in [nil] + equivalent {
      var order = try order(name, fault, Seed(2026))
      order.schedules = Self.cleanSchedules
      let result = try Explore.run(order)
      #expect(result.verdict == .clean, "\(fault?.name ?? "as merged"): \(result.findings)")
      #expect(result.schedules == Self.cleanSchedules)
      #expect(result.stepLimits == 0)
    }
  }

  /// v2 and v3 are wrong in what they cost, not in what they do.
  @Test(
    arguments: ["arm64-vmid-v2", "arm64-vmid-v3", "arm64-vmid-load", "arm64-vmid-will"],
    ["e2-tlb", "churn", "leaving"])
  func `the merged allocator's relatives stay clean in its scenarios`(
    _ system: String, _ name: String
  ) throws {
    var scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    scenario.system = system
    var order = ExploreOrder(try ControlledWorld(scenario), seed: Seed(2026))
    order.schedules = Self.cleanSchedules
    let result = try Explore.run(order)
    #expect(result.verdict == .clean, "\(result.findings)")
  }

  @Test func `every fault that can be seen has its scenario and its count`() {
    #expect(Set(Self.medians.keys) == Set(Self.wrong.map(\.id)))
    for fault in Fault.all {
      // An equivalent mutant is seen by nobody; all others by somebody, some in long runs only.
      let isUnseen = fault.detection == .equivalent || fault.detection == .soak
      #expect(fault.explorationOracles.isEmpty == isUnseen)
      #expect(isUnseen || Set(fault.oracles).isSubset(of: fault.explorationOracles))
    }
  }

  private func order(_ name: String, _ fault: Fault?, _ seed: Seed) throws -> ExploreOrder {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    return ExploreOrder(try ControlledWorld(scenario, fault: fault), seed: seed)
  }

  /// A folder in which findings are left, gone afterwards.
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("findings-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }
}
