// The right stage-2 code in its own worlds: nobody says anything of it.

import Campaigns
import Domain
import Foundation
import Testing

@Suite("Right tables with levels") struct RightTablesTests {
  static let worlds: [Scenario] =
    ((try? ScenarioLibrary.builtIn.all) ?? [])
    .filter { $0.system == "arm64-stage2" && $0.program != nil }

  /// `range-giant` was reported: a fault that made pages in a table which another one had just taken out
  /// called the block flushed that had come in its place. It took 236 schedules to see that.
  @Test(arguments: worlds.map(\.name))
  func `are clean`(_ world: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let scenario = try ScenarioLibrary.builtIn.scenario(named: world)
    var order = ExploreOrder(try ControlledWorld(scenario), seed: Seed(1))
    order.schedules = 3_000
    order.folder = folder.path
    let result = try Explore.run(order)
    #expect(result.verdict == .clean, "\(result.findings)")
    #expect(result.schedules == 3_000 && result.stepLimits == 0)
  }

  @Test func `all that a program can do to tables is done in some world`() {
    let steps = Self.worlds.flatMap { ($0.program ?? []).joined() }
    for change in ["unmap ", "protect ", "collapse ", "split "] {
      #expect(steps.contains { "\($0)".hasPrefix(change) }, "\(change)")
    }
    #expect(Self.worlds.count > 10)
  }
}
