// The built-in worlds that are small enough for every schedule: how many traces they have, by two
// searches that have little in common.

import Campaigns
import Domain
import Testing

@Suite("Exhaustive searches of built-in worlds") struct ExhaustiveWorldTests {
  private func search(_ name: String, _ strategy: String, bound: Int) throws -> ExploreResult {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    var order = ExploreOrder(try ControlledWorld(scenario), seed: Seed(1))
    order.strategy = strategy
    order.bound = bound
    return try Explore.run(order)
  }

  @Test(
    "dpor and cached depth-first search count the same traces",
    arguments: [("e2", 111), ("e2-two-tags", 1148), ("m1-r1", 498)])
  func traces(name: String, count: Int) throws {
    for strategy in ["dpor", "dfs"] {
      let result = try search(name, strategy, bound: 1000)
      #expect(result.distinctTraces == count, "\(name) by \(strategy)")
      #expect(result.isComplete && !result.distinctIsAtLeast, "\(name) by \(strategy)")
      #expect(result.bound.hasPrefix("complete: every schedule"), "\(result.bound)")
      #expect(!result.bound.contains("at most"), "\(result.bound)")
      #expect(result.verdict == .clean)
    }
  }

  @Test(
    "worlds with more are complete within two preemptions",
    arguments: [("e2-tlb", 547), ("m1-r2", 1757)])
  func boundedWorlds(name: String, count: Int) throws {
    let result = try search(name, "dfs", bound: 2)
    #expect(result.isComplete && !result.distinctIsAtLeast)
    #expect(result.bound.hasPrefix("complete: every schedule with at most 2 preemptions ("))
    #expect(result.verdict == .clean)
    #expect(result.distinctTraces == count, "\(name): \(result.bound)")
  }
}
