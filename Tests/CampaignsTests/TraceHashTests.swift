// A seed is a promise: the same executions, to the last value, on both carriers, in debug and in
// release builds, on every machine.

import Campaigns
import Domain
import Testing

@Suite("Trace hashes of built-in worlds") struct TraceHashTests {
  /// 1,000 schedules from seed 1. The numbers change with a scenario, with the code under test,
  /// with a strategy or with what a step's hash takes in; then they are to be renewed.
  static let recorded = [
    ("m1-r2-tlb", "0x169c555c665ec9b6"), ("churn", "0x34802e63c3928542"),
    ("old-r2", "0x40f16fa49476e824"),
  ]

  private func hash(
    _ name: String, _ carrier: CarrierName, seed: UInt64 = 1, schedules: Int = 1000
  ) throws -> String {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    var order = ExploreOrder(try ControlledWorld(scenario), seed: Seed(seed))
    order.carrier = carrier
    order.schedules = schedules
    let result = try Explore.run(order)
    #expect(result.schedules == schedules && result.verdict == .clean)
    return result.traceHash
  }

  @Test(arguments: recorded)
  func `a thousand seeds give the recorded executions on both carriers`(
    _ name: String, _ recorded: String
  ) throws {
    for carrier in CarrierName.allCases {
      #expect(try hash(name, carrier) == recorded, "\(name) on \(carrier)s")
    }
  }

  @Test func `the hash tells seeds, numbers and worlds apart`() throws {
    let hashes = try [
      hash("m1-r2-tlb", .fiber), hash("m1-r2-tlb", .fiber, seed: 2),
      hash("m1-r2-tlb", .fiber, schedules: 999), hash("churn", .fiber),
    ]
    #expect(Set(hashes).count == hashes.count)
  }
}
