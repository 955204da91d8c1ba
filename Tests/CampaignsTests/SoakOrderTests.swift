import Allocators
import Domain
import Foundation
import Machines
import RangeInvalidation
import Testing

@testable import Campaigns

@Suite("From scenario to soak") struct SoakOrderTests {
  private func scenario(_ change: (inout Scenario) -> Void = { _ in }) -> Scenario {
    var scenario = Scenario(name: "own", summary: "a test's")
    change(&scenario)
    return scenario
  }

  @Test func `every key of a scenario that the world knows reaches it`() throws {
    let order = try SoakOrder(
      scenario {
        $0.pcpus = 3
        $0.vms = 5
        $0.vcpusPerVM = 3
        $0.tagBits = 5
        $0.usableTags = 9
        $0.pagesPerVM = 17
        $0.entriesPerSlice = [2, 3]
        $0.accessesPerEntry = 4
        $0.longStayEvery = 6
        $0.longStayAccesses = 7
        $0.hackbenchRuns = 8
        $0.messagesPerRun = 9
        $0.messageEvery = 10
        $0.channelCapacity = 11
        $0.unmapEvery = 12
        $0.speculateEvery = 13
        $0.suspendEvery = 14
        $0.migrateEvery = 15
        $0.contextSwitchBarrier = false
        $0.putBeforeContextDead = true
        $0.directSwitch = true
        $0.offlineEvery = 13
        $0.hardwareTagBits = 3
        $0.claimAfterPut = true
        $0.duration = .seconds(16)
        $0.perturb = .heavy
        $0.oracles = .sampled
        $0.stallAfter = .seconds(17)
        $0.watchdogEvery = .milliseconds(18)
        $0.initialState = Scenario.InitialState(numbers: [0, 1, 2, 0, 3], full: true)
        $0.script = [["0.0", "1.1"], ["0.1"], ["2.0"]]
      }, seed: Seed(1))
    let knobs = order.setup.plan.knobs
    #expect(knobs.vms == 5)
    #expect(knobs.vcpusPerVM == 3)
    #expect(knobs.pagesPerVM == 17)
    #expect(knobs.entriesPerSliceLow == 2)
    #expect(knobs.entriesPerSliceHigh == 3)
    #expect(knobs.accessesPerEntry == 4)
    #expect(knobs.longStayEvery == 6)
    #expect(knobs.longStayAccesses == 7)
    #expect(knobs.messagesPerVM == 72)
    #expect(knobs.messageEvery == 10)
    #expect(knobs.channelCapacity == 11)
    #expect(knobs.unmapEvery == 12)
    #expect(knobs.speculateEvery == 13)
    #expect(knobs.suspendEvery == 14)
    #expect(knobs.offlineEvery == 13)
    #expect(knobs.migrateEvery == 15)
    #expect(!knobs.contextSwitchBarrier)
    #expect(knobs.putBeforeContextDead)
    #expect(knobs.claimAfterPut)
    #expect(knobs.directSwitch)
    #expect(knobs.highestTag == 7)
    #expect(knobs.hardwareTagMask == 7)
    #expect(order.setup.plan.script == [[0, 4], [1], [6]])
    #expect(order.setup.plan.initialState == InitialState(numbers: [0, 1, 2, 0, 3], full: true))
    #expect(
      order.setup.configuration
        == AllocatorConfiguration(
          tagBits: 5, hardwareTagBits: 3, usableTags: 9, pcpuCount: 3, vcpusPerVM: 3))
    #expect(order.setup.pauses == .heavy)
    #expect(order.setup.oracles == .sampled)
    #expect(order.duration == .seconds(16))
    #expect(order.stallAfter == .seconds(17))
    #expect(order.watchdogEvery == .milliseconds(18))
  }

  @Test func `a fault of the world changes the world and not the system`() throws {
    let fault = try #require(Fault.named("B19"))
    let order = try SoakOrder(scenario(), fault: fault, seed: Seed(1))
    #expect(order.setup.plan.knobs.putBeforeContextDead)
    #expect(order.system.verdict == .clean)
  }

  @Test func `another scenario name makes other choices from one seed`() throws {
    let first = try SoakOrder(scenario(), seed: Seed(1)).setup.seed
    let second = try SoakOrder(scenario { $0.name = "other" }, seed: Seed(1)).setup.seed
    #expect(first != second)
  }

  @Test func `an unknown system is answered with those that there are`() {
    #expect(
      throws: PlanError.unknownSystem("x", names: TagSystem.all.map(\.name))
    ) { try SoakOrder(scenario { $0.system = "x" }, seed: Seed(1)) }
  }

  @Test func `pCPUs share TLBs in controlled runs only, and where the system allows for it`() throws
  {
    var shared = try ScenarioLibrary.builtIn.scenario(named: "shared-tlb")
    #expect(throws: PlanError.sharedTLBs(threadsPerCore: 2)) {
      try SoakOrder(shared, seed: Seed(1))
    }
    #expect(throws: Never.self) { try ControlledWorld(shared) }
    shared.system = "arm64-asid"
    let names = TagSystem.all.filter(\.traits.mayShareTLB).map(\.name)
    #expect(throws: PlanError.notMadeForSharedTLBs(system: "arm64-asid", names: names)) {
      try ControlledWorld(shared)
    }
  }

  @Test func `a program pins only what can be pinned`() throws {
    var pins = try ScenarioLibrary.builtIn.scenario(named: "pins")
    pins.system = "arm64-asid"
    let names = TagSystem.all.filter(\.traits.canPin).map(\.name)
    #expect(throws: PlanError.cannotPin(system: "arm64-asid", names: names)) {
      try ControlledWorld(pins)
    }
  }

  @Test func `only a system that nests has guests with guests of their own`() throws {
    let names = TagSystem.all.filter(\.nests).map(\.name)
    let error = PlanError.cannotNest(system: "svm-static", names: names)
    var program = try ScenarioLibrary.builtIn.scenario(named: "nested-guests")
    program.system = "svm-static"
    #expect(throws: error) { try ControlledWorld(program) }
    var soak = try ScenarioLibrary.builtIn.scenario(named: "nested")
    soak.system = "svm-static"
    #expect(throws: error) { try SoakOrder(soak, seed: Seed(1)) }
    #expect(names.contains("svm-nested"))
  }

  @Test func `a fault goes with its own system only`() throws {
    let fault = try #require(Fault.named("b01"))
    #expect(
      throws: PlanError.faultOfAnotherSystem(
        fault: fault.name, of: "arm64-vmid", scenario: "template-global-lock")
    ) {
      try SoakOrder(scenario { $0.system = "template-global-lock" }, fault: fault, seed: Seed(1))
    }
  }

  @Test func `every scenario file of the folder is compiled in, and valid`() throws {
    for scenario in try ScenarioLibrary.builtIn.all {
      #expect(throws: Never.self) {
        try SoakOrder(scenario, seed: Seed(1), controlled: scenario.program != nil)
      }
    }
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Stress/Scenarios")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".json5") }.map { String($0.dropLast(6)) }
    #expect(ScenarioLibrary.builtIn.names.sorted() == files.sorted())
    #expect(ScenarioLibrary.builtIn.names.first == "d06", "soak's default")
  }

  @Test func `tables with levels reach who keeps them, and nobody else`() throws {
    let churn = try ScenarioLibrary.builtIn.scenario(named: "range-churn")
    let tables = try #require(try SoakOrder(churn, seed: Seed(1)).setup.configuration.tables)
    #expect(tables.shape == TableShape(firstLevel: 2, rootBits: 3, bits: 9, stride: 64))
    #expect(tables.features == [.tlbiRange, .fwb] && tables.tables == 256)
    func refusal(_ change: (inout Scenario) -> Void) -> PlanError? {
      var changed = churn
      change(&changed)
      return #expect(throws: PlanError.self) { try SoakOrder(changed, seed: Seed(1)) }
    }
    #expect(refusal { $0.tableLevels = 0 } == .needsTables(system: "arm64-stage2"))
    #expect("\(refusal { $0.system = "arm64-vmid" }!)".contains("keeps none; give arm64-stage2"))
    #expect(refusal { $0.features = "tlbirange,sve" } == .range(.unknownFeature("sve")))
  }
}
