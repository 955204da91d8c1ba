// The worlds in which the tests look for faults: three pCPUs, two usable tags, a rollover or two.

import Allocators
import Domain
import Exploration
import Machines

enum SmallWorlds {
  /// pCPUs 0 and 1 run VM A `rounds` times, pCPU 2 runs B and then C. A holds tag 1 and every other
  /// tag is taken, so that the first run of B rolls over. With `apart`,
  /// C has pCPU 1. With `keeping`, only these steps of each.
  static func m1(
    rounds: Int, hasTLB: Bool, apart: Bool = false, _ system: TagSystem = .arm64VMID,
    keeping kept: [[Int]]? = nil,
    knobs change: (inout WorldKnobs) -> Void = { _ in }
  ) -> ControlledProgram {
    var scenario = Scenario(name: "m1", summary: "three pCPUs, two usable tags")
    scenario.pcpus = 3
    scenario.vms = 4
    scenario.vcpusPerVM = 2
    scenario.tagBits = 2
    scenario.usableTags = 2
    scenario.fewTags = true
    scenario.pagesPerVM = 1
    scenario.accessesPerEntry = hasTLB ? 1 : 0
    scenario.speculateEvery = hasTLB ? 1 : 0
    var knobs = WorldKnobs(scenario)
    change(&knobs)
    func run(_ vm: Int, _ vcpu: Int) -> ProgramStep {
      .run(vcpu: vm * 2 + vcpu, entries: 1, claims: false)
    }
    var steps = [
      Array(repeating: run(0, 0), count: rounds), Array(repeating: run(0, 1), count: rounds),
      Array([run(1, 0), run(2, 0)].prefix(rounds)),
    ]
    if apart {
      steps[1] = [run(2, 0)]
      steps[2] = [run(1, 0)]
    }
    if let kept { steps = zip(steps, kept).map { steps, kept in kept.map { steps[$0] } } }
    do {
      return try system.prepareProgram(
        ProgramSetup(
          configuration: AllocatorConfiguration(
            tagBits: 2, usableTags: 2, pcpuCount: 3, vcpusPerVM: 2),
          plan: WorldPlan(
            knobs: knobs, initialState: InitialState(numbers: [1, 0, 0, 0], full: true)),
          steps: steps))
    } catch {
      preconditionFailure("the world is too large for the system: \(error)")
    }
  }

  /// Two VMs run, end and run again, each on a pCPU of its own; five tags at least.
  static func churn(_ system: TagSystem) -> ControlledProgram {
    var scenario = Scenario(name: "churn", summary: "two VMs that end")
    scenario.vms = 2
    scenario.vcpusPerVM = 1
    scenario.tagBits = 3
    scenario.pagesPerVM = 1
    scenario.accessesPerEntry = 1
    scenario.speculateEvery = 0
    let steps: [[ProgramStep]] = (0..<2).map { vm in
      [.run(vcpu: vm, entries: 1, claims: true), .end(vm: vm)]
        + [.run(vcpu: vm, entries: 1, claims: true)]
    }
    do {
      return try system.prepareProgram(
        ProgramSetup(
          configuration: AllocatorConfiguration(tagBits: 3, pcpuCount: 2),
          plan: WorldPlan(knobs: WorldKnobs(scenario)), steps: steps))
    } catch {
      preconditionFailure("the world is too large for the system: \(error)")
    }
  }
}
