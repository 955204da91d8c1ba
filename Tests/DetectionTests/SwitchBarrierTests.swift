import Allocators
import Campaigns
import Domain
import Host
import Testing

extension RealThreads {
  /// What the merged allocator takes for granted: a full barrier between leaving one
  /// VM and entering the next on the same pCPU. Only real threads with a store buffer show it.
  @Suite("Context-switch barrier") struct SwitchBarrierTests {
    private func soak(
      _ mode: OracleMode, for duration: Duration, _ change: (inout Scenario) -> Void = { _ in }
    ) throws -> SoakResult {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "no-switch-barrier")
      scenario.oracles = mode
      scenario.duration = duration
      change(&scenario)
      return try Soak.run(try SoakOrder(scenario, seed: Seed(1010)))
    }

    @Test(
      .enabled(if: HostDescription.current().allowedCPUs.count > 1, "it takes two CPUs"),
      .enabled(if: isOptimised, whySkipped),
      arguments: [OracleMode.exact, .sampled])
    func `without the barrier two VMs get one number`(_ mode: OracleMode) throws {
      let result = try soak(mode, for: .seconds(30))
      #expect(result.verdict == .bug)
      #expect(result.findings.contains { $0.oracle == .o2 })
    }

    @Test(arguments: [OracleMode.exact, .sampled])
    func `with the barrier they never do`(_ mode: OracleMode) throws {
      let result = try soak(mode, for: .seconds(3)) { $0.contextSwitchBarrier = true }
      #expect(result.verdict == .clean, "\(result.findings)")
    }
  }
}
