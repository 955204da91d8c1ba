import Allocators
import Campaigns
import Domain
import Foundation
import Testing

/// What `list` says of each system: a wrong version is shown by the oracle and in the scenario that
/// stand beside it, and there is enough for a right one to fail at.
@Suite("Verdicts", .serialized, .enabled(if: RealThreads.isOptimised, RealThreads.whySkipped))
struct VerdictTests {
  private static let wrong = TagSystem.all.filter { $0.verdict != .clean }.map(\.name)
  private static let right = TagSystem.all.filter { $0.verdict == .clean }.map(\.name)

  @Test(arguments: wrong)
  func `a wrong version is shown as list says`(_ name: String) throws {
    let system = try #require(TagSystem.named(name))
    guard case .wrong(_, let oracle, let place) = system.verdict else { return }
    var scenario = try ScenarioLibrary.builtIn.scenario(named: place)
    scenario.system = name
    let seen =
      scenario.program == nil
      ? try soaked(scenario, until: oracle) : try explored(scenario)
    #expect(seen.contains(oracle.rawValue), "\(name) on \(place): \(seen)")
  }

  private func explored(_ scenario: Scenario) throws -> [String] {
    var order = ExploreOrder(try ControlledWorld(scenario), seed: Seed(2026))
    order.time = .seconds(30)
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("verdict-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    order.folder = folder.path
    return try Explore.run(order).findings.map(\.oracle)
  }

  /// Up to 20 seconds in short runs: what is only worth reading is said at the end of one.
  private func soaked(_ scenario: Scenario, until oracle: OracleID) throws -> [String] {
    var seen: [String] = []
    for round in 0..<20 where !seen.contains(oracle.rawValue) {
      var order = try SoakOrder(scenario, seed: Seed(2026 + UInt64(round)))
      order.duration = .seconds(1)
      seen += try Soak.run(order).findings.map(\.oracle.rawValue)
    }
    return seen
  }

  @Test(arguments: right)
  func `a right system has three scenarios to fail in, with rollovers or VMs that end`(
    _ name: String
  ) throws {
    let system = try #require(TagSystem.named(name))
    var withReuse: [String] = []
    for place in try Selftest.explorationScenarios(of: system) {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: place)
      scenario.system = name
      var order = ExploreOrder(try ControlledWorld(scenario), seed: Seed(2026))
      order.schedules = 2000
      let result = try Explore.run(order)
      #expect(result.verdict == .clean, "\(place): \(result.findings.map(\.summary))")
      if result.counts[.rollovers] + result.counts[.vmsDestroyed] > 0 { withReuse.append(place) }
    }
    #expect(withReuse.count >= 3, "\(withReuse)")
  }
}
