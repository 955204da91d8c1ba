// The columns of `bench --compare`: each can be wrong, so each is held to a case where the answer is
// known.

import Allocators
import Domain
import Machines
import Testing

@testable import Campaigns

@Suite("Systems side by side", .serialized) struct ComparisonTests {
  private func counts(_ values: [Counter: UInt64]) -> Counts {
    var counts = Counts()
    for (counter, value) in values { counts[counter] = value }
    return counts
  }

  private func system(_ name: String) throws -> TagSystem {
    try #require(TagSystem.named(name))
  }

  // MARK: From counters to figures

  @Test func `a load's figures are those of its counters`() {
    let figures = LoadFigures(
      [
        counts([
          .guestEntries: 2000, .fastPathEntries: 1500, .rollovers: 4, .tlbEntriesLost: 30,
          .flushesEverywhere: 4, .flushesHere: 6, .flushesOfTags: 8, .flushesOfPages: 10,
        ])
      ], tagBits: 5)
    #expect(figures.entries == 2000)
    #expect(figures.tagBits == 5)
    #expect(figures.fastPathShare == 0.75)
    #expect(figures.rollovers == 2)
    #expect(figures.flushesEverywhere == 2)
    #expect(figures.flushesHere == 3)
    #expect(figures.flushesOfTags == 4)
    #expect(figures.flushesOfPages == 5)
    #expect(figures.flushes == 14)
    #expect(figures.lostPerRollover == 7.5)
  }

  @Test func `the median of the runs counts, and their entries together`() {
    let runs = [(100, 10), (100, 90), (100, 20)].map { entries, fast in
      counts([.guestEntries: UInt64(entries), .fastPathEntries: UInt64(fast)])
    }
    let figures = LoadFigures(runs, tagBits: 4)
    #expect(figures.fastPathShare == 0.2)
    #expect(figures.entries == 300)
  }

  @Test func `without rollovers nothing is lost per rollover`() {
    let still = counts([.guestEntries: 1000, .tlbEntriesLost: 5, .flushesHere: 2])
    #expect(LoadFigures([still], tagBits: 4).lostPerRollover == nil)
    let rolls = counts([.guestEntries: 1000, .tlbEntriesLost: 5, .rollovers: 5])
    #expect(LoadFigures([still, rolls], tagBits: 4).lostPerRollover == 1)
    #expect(LoadFigures([Counts()], tagBits: 4).fastPathShare == 0)
  }

  @Test func `rounds that differ are said to`() {
    #expect(ComparedTime(rounds: [10, 11, 10]) == ComparedTime(rounds: [10, 10, 10.5]))
    #expect(ComparedTime(rounds: [10, 20, 5]).nanoseconds == 10)
    #expect(!ComparedTime(rounds: [10, 20, 5]).isStable)
  }

  // MARK: Loads

  @Test(arguments: ComparisonLoad.allCases)
  func `every measured system can run every load`(_ load: ComparisonLoad) throws {
    for system in TagSystem.all where system.prepareBench != nil {
      let scenario = try load.scenario(for: system)
      let order = try SoakOrder(scenario, seed: Seed(1))
      #expect(order.system.name == system.name)
    }
  }

  @Test func `a system that needs a number for each VM gets the tag bits for it, no other does`()
    throws
  {
    let merged = try ComparisonLoad.d06.scenario(for: .arm64VMID)
    #expect(merged.tagBits == 4 && merged.pcpus == 8 && merged.vms == 50)
    let forLife = try ComparisonLoad.d06.scenario(for: system("template-global-lock"))
    #expect(forLife.tagBits == 6 && forLife.pcpus == 8 && forLife.vms == 50)
    #expect(try ComparisonLoad.d06WithoutUnmaps.scenario(for: .arm64VMID).unmapEvery == 0)
  }

  private func figures(_ name: String, _ load: ComparisonLoad) throws -> LoadFigures {
    var order = try SoakOrder(try load.scenario(for: system(name)), seed: Seed(1))
    order.duration = .milliseconds(400)
    let result = try Soak.run(order)
    #expect(result.verdict == .clean)
    return LoadFigures([result.counts], tagBits: 4)
  }

  @Test func `what v3 leaves sends every entry to the lock, what v4 leaves none`() throws {
    let v3 = try figures("arm64-vmid-v3", .v3AgainstV4).fastPathShare
    let v4 = try figures("arm64-vmid", .v3AgainstV4).fastPathShare
    #expect(v3 < 0.05 && v4 > 0.9, "v3 \(v3), v4 \(v4)")
  }

  @Test func `v2 rolls over again and again for VMs that are idle, v4 does not`() throws {
    let v2 = try figures("arm64-vmid-v2", .idleVMs)
    let v4 = try figures("arm64-vmid", .idleVMs)
    #expect(v2.rollovers > 10 * v4.rollovers, "v2 \(v2), v4 \(v4)")
    #expect(1 - v2.fastPathShare > 10 * (1 - v4.fastPathShare), "v2 \(v2), v4 \(v4)")
  }

  @Test func `a rollover that flushes everywhere issues one flush, pCPUs for themselves more`()
    throws
  {
    let merged = try figures("arm64-vmid", .d06WithoutUnmaps)
    // A run may end between a rollover and its flush.
    #expect(abs(merged.flushesEverywhere - merged.rollovers) < 0.01 * merged.rollovers)
    #expect(merged.flushesHere == 0 && merged.flushesOfPages == 0)
    #expect(try #require(merged.lostPerRollover) > 1)
    let v2 = try figures("arm64-vmid-v2", .d06WithoutUnmaps)
    #expect(v2.flushesEverywhere == 0)
    #expect(v2.flushesHere > v2.rollovers)
  }

  @Test func `a run that shows a system wrong is no measurement, and ends as a soak does`() {
    let bug = ComparisonError.notClean(
      system: "s", load: "idle-vms", verdict: .bug, finding: "two VMs")
    #expect(bug.exitCode == 1)
    #expect(bug.description.contains("(two VMs); see vmidtorture soak idle-vms --system s"))
    let idle = ComparisonError.notClean(
      system: "s", load: "d06", verdict: .nothingChecked, finding: nil)
    #expect(idle.exitCode == 7 && idle.description.hasSuffix("give more --time"))
  }

  // MARK: Times

  @Test(arguments: ["arm64-vmid", "kvm-arm", "svm-dynamic", "arm64-asid"])
  func `rollovers of 8 pCPUs come to an end, and cost something`(_ name: String) throws {
    let cost = try #require(try RolloverRounds(system(name)).cost(rounds: 3))
    #expect(cost.cost.nanoseconds.isFinite && cost.cost.nanoseconds != 0)
    #expect(cost.slices >= 1)
  }

  @Test func `a rollover costs what it adds to the same slices`() {
    #expect(RolloverRounds.costOfOne(tight: 1500, roomy: 500, rollovers: 10) == 100)
    #expect(RolloverRounds.costOfOne(tight: 500, roomy: 1500, rollovers: 10) == -100)
  }

  @Test(arguments: ["template-global-lock", "svm-static", "xen-arm"])
  func `who does not roll over has no rollover to measure`(_ name: String) throws {
    #expect(try RolloverRounds(system(name)).cost(rounds: 3) == nil)
  }

  @Test func `who calls the others is measured on several pCPUs as well`() throws {
    var plan = BenchPlan()
    plan.repetitions = 200
    plan.rounds = 3
    plan.samples = 200
    let bench = try Bench(plan)
    for benchCase in [BenchCase.rollover, .fastRollovers, .slow] {
      let row = try bench.row(benchCase, of: .kvmArm, pcpus: 2)
      #expect(row.latency.count > 0)
    }
  }

  // MARK: pCPUs of a soak

  @Test func `who waits for calls runs on no more pCPUs than there are cores`() throws {
    var scenario = try ScenarioLibrary.builtIn.scenario(named: "d06")
    #expect(scenario.fitToCores(2) == false && scenario.pcpus == 8)
    scenario.system = "kvm-arm"
    var onMany = scenario
    #expect(onMany.fitToCores(16) == false && onMany.pcpus == 8)
    var onOne = scenario
    #expect(onOne.fitToCores(1) && onOne.pcpus == 2)
    #expect(scenario.fitToCores(3) && scenario.pcpus == 3)
    var scripted = try ScenarioLibrary.builtIn.scenario(named: "idle-vms")
    scripted.system = "kvm-arm"
    #expect(scripted.fitToCores(2) == false && scripted.pcpus == 4)
  }
}
