import Allocators
import Campaigns
import Domain
import Testing

extension RealThreads {
  /// The table of expected verdicts, in both directions: what is wrong is found, what is right is
  /// not reported.
  @Suite("Catalogue") struct CatalogueTests {
    /// Those that any build shows; the others need their narrow window.
    static let wide: Set = ["B04", "B06", "B09", "B11", "H01", "H03", "H04"]
    static let seen = Fault.all.filter {
      [.oracle, .soak].contains($0.detection) && (isOptimised || wide.contains($0.id))
    }
    static let unseen = Fault.all.filter {
      $0.detection == .equivalent || $0.detection == .threadSanitizer
    }

    private var small: Scenario {
      get throws { try ScenarioLibrary.builtIn.scenario(named: "small") }
    }

    @Test(arguments: seen.map(\.name))
    func `a fault is found by an oracle of its row`(_ name: String) throws {
      let fault = try #require(Fault.named(name))
      let outcome = try Selftest.soak(fault, plan: .quick, seed: Seed(2026))
      let isFound = outcome.isFound
      #expect(isFound, "\(fault.name)")
    }

    @Test(arguments: unseen.map(\.name))
    func `what behaves like the right code is not reported`(_ name: String) throws {
      let fault = try #require(Fault.named(name))
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(3)
      let outcome = try Selftest.soakClean(fault, on: try small, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test(arguments: ["small", "d06"], [OracleMode.exact, .sampled])
    func `the merged allocator is not reported`(_ name: String, _ mode: OracleMode) throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: name)
      scenario.oracles = mode
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(3)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test(arguments: [Perturbation.light, .heavy])
    func `pauses make no right allocator wrong`(_ perturb: Perturbation) throws {
      var scenario = try small
      scenario.perturb = perturb
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(2)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test(
      arguments: ["kvm-arm-bare", "kvm-arm", "kvm-arm-asking", "riscv-kvm"],
      [Perturbation.off, .light])
    func `an allocator that throws guests out is not reported`(
      _ system: String, _ perturb: Perturbation
    ) throws {
      var scenario = try small
      scenario.system = system
      scenario.perturb = perturb
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(2)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test(arguments: ["arm64-vmid-load", "arm64-vmid-will"], [Perturbation.off, .light])
    func `those that decide at load are not reported`(
      _ system: String, _ perturb: Perturbation
    ) throws {
      var scenario = try small
      scenario.system = system
      scenario.perturb = perturb
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(2)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test(arguments: ["arm64-vmid", "arm64-vmid-v3", "arm64-vmid-load", "arm64-vmid-will"])
    func `no number is kept for a pCPU that has left, where it shows in v2`(
      _ system: String
    ) throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "idle-pcpus")
      scenario.system = system
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(2)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test(arguments: [Perturbation.off, .light])
    func `encrypted guests are not reported`(
      _ perturb: Perturbation
    ) throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "sev-small")
      scenario.perturb = perturb
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(2)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test func `the template is not reported`() throws {
      var scenario = try small
      scenario.system = "template-global-lock"
      scenario.tagBits = 4
      var plan = SelftestPlan.quick
      plan.cleanRun = .seconds(2)
      let outcome = try Selftest.soakClean(nil, on: scenario, plan: plan, seed: Seed(2026))
      #expect(outcome.isClean, "\(outcome.findings)")
    }

    @Test func `every row that was promised is in the catalogue, with what it expects`() {
      let ids = Set(Fault.all.map(\.id))
      #expect(
        ids.isSuperset(of: [
          "B01", "B02", "B04", "B06", "B09", "B11", "B19", "B22", "B24", "B28",
        ]))
      for fault in Fault.all {
        #expect(
          fault.oracles.isEmpty == Self.unseen.contains { $0.id == fault.id }, "\(fault.name)")
        switch fault.kind {
        case .world: break
        case .system(let system), .version(let system, _):
          #expect((system.verdict == .clean) == fault.oracles.isEmpty, "\(fault.name)")
        }
      }
    }
  }
}
