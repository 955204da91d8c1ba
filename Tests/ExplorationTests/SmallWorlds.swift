// The worlds in which the tests look for faults: three pCPUs, two usable tags, a rollover or two.

import Allocators
import Domain
import Exploration
import Machines

enum SmallWorlds {
  /// Worlds in which a fault shows that needs more than `m1` has: devices, a TLB that two pCPUs share,
  /// contexts that are replaced. One vCPU a VM, but two where pins are.
  static func world(of fault: String) -> ControlledProgram? {
    func run(_ vcpu: Int) -> ProgramStep { .run(vcpu: vcpu, entries: 1, claims: false) }
    switch fault {
    case "B03":
      return world(
        fault, numbers: [1, 2, 3, 0], hasTLB: true, [[run(1), run(0)], [run(2), run(3)]])
    case "B06A":
      return world(
        fault, numbers: [1, 0, 0, 0], hasTLB: false, [[run(0)], [run(1), run(2), run(3)]])
    case "B15":
      return world(
        fault, numbers: [1, 0], vcpusPerVM: 2, usableTags: 4, hasTLB: false,
        [[run(0)], [.pin(vm: 0), run(2), .unpin(vm: 0), run(1)]])
    case "B16":
      return world(
        fault, numbers: [0, 0, 0, 0, 0], usableTags: 4, hasTLB: false,
        [[.pin(vm: 0), .pin(vm: 1), .pin(vm: 2), run(4)], [run(3), run(0)]])
    case "B33":
      return world(
        fault, numbers: [1, 2, 0], hasTLB: true, threadsPerCore: 2, [[run(0), run(1)], [run(2)]])
    default: return nil
    }
  }

  private static func world(
    _ fault: String, numbers: [UInt64], vcpusPerVM: Int = 1, usableTags: Int = 3, hasTLB: Bool,
    threadsPerCore: Int = 1, _ steps: [[ProgramStep]]
  ) -> ControlledProgram? {
    var scenario = Scenario(name: fault, summary: "two pCPUs")
    scenario.vms = numbers.count
    scenario.vcpusPerVM = vcpusPerVM
    scenario.tagBits = 3
    scenario.usableTags = usableTags
    scenario.threadsPerCore = threadsPerCore
    scenario.pagesPerVM = 1
    scenario.accessesPerEntry = hasTLB ? 1 : 0
    scenario.speculateEvery = hasTLB ? 1 : 0
    let isFull = numbers.contains { $0 != 0 }
    return try? Fault.named(fault)?.kind.system.prepareProgram(
      ProgramSetup(
        configuration: AllocatorConfiguration(
          tagBits: 3, usableTags: usableTags, pcpuCount: 2, vcpusPerVM: vcpusPerVM),
        plan: WorldPlan(
          knobs: WorldKnobs(scenario),
          initialState: InitialState(numbers: numbers, full: isFull)),
        steps: steps))
  }

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

  /// Two VMs run, end and run again, each on a pCPU of its own, and each has one tag to itself.
  static func keys(_ system: TagSystem, mayFail: Bool) -> ControlledProgram {
    churn(system, usableTags: 2, failEvery: mayFail ? 1 : 0)
  }

  /// A hypervisor that does all that one can do to its two guests, with two pages each, on two pCPUs,
  /// while a third one takes a page away.
  static func nested(_ system: TagSystem) -> ControlledProgram {
    var scenario = Scenario(name: "nested", summary: "a hypervisor on two pCPUs")
    scenario.pcpus = 3
    scenario.vms = 1
    scenario.vcpusPerVM = 1
    scenario.pagesPerVM = 2
    scenario.accessesPerEntry = 2
    scenario.speculateEvery = 1
    func slice(_ actions: [Scenario.NestedAction]) -> ProgramStep {
      .nest(vcpu: 0, NestedActions(actions), claims: true)
    }
    let a = Scenario.NestedAction.run(guest: 1, entries: 1)
    let b = Scenario.NestedAction.run(guest: 2, entries: 1)
    let steps: [[ProgramStep]] = [
      [
        slice([.enterL1, a, b, .edit(inner: 1, page: 1), .renew(guest: 1), a]),
        slice([a]),
        slice([.edit(inner: 0, page: 0), .flushAll, b, .enterL1, a]),
        slice([
          .edit(inner: 1, page: 0), .flushGuest,
          .run(guest: 1, entries: 1, isInterrupted: true), a,
        ]),
      ],
      [
        slice([.edit(inner: 1, page: 0), .invalidatePage(inner: 1, page: 0)]),
        slice([a, .edit(inner: 1, page: 1), .invalidatePage(inner: 1, page: 1), a]),
      ],
      [.unmap(vm: 0, page: 1)],
    ]
    do {
      return try system.prepareProgram(
        ProgramSetup(
          configuration: AllocatorConfiguration(tagBits: 2, pcpuCount: 3),
          plan: WorldPlan(knobs: WorldKnobs(scenario)), steps: steps))
    } catch {
      preconditionFailure("the world is too large for the system: \(error)")
    }
  }

  /// Two VMs run, end and run again, each on a pCPU of its own; five tags at least.
  static func churn(
    _ system: TagSystem, usableTags: Int? = nil, failEvery: Int = 0
  ) -> ControlledProgram {
    var scenario = Scenario(name: "churn", summary: "two VMs that end")
    scenario.vms = 2
    scenario.vcpusPerVM = 1
    scenario.tagBits = 3
    scenario.pagesPerVM = 1
    scenario.accessesPerEntry = 1
    scenario.speculateEvery = 0
    scenario.usableTags = usableTags
    scenario.failEvery = failEvery
    let steps: [[ProgramStep]] = (0..<2).map { vm in
      [.run(vcpu: vm, entries: 1, claims: true), .end(vm: vm)]
        + [.run(vcpu: vm, entries: 1, claims: true)]
    }
    do {
      return try system.prepareProgram(
        ProgramSetup(
          configuration: AllocatorConfiguration(
            tagBits: 3, usableTags: usableTags, pcpuCount: 2),
          plan: WorldPlan(knobs: WorldKnobs(scenario)), steps: steps))
    } catch {
      preconditionFailure("the world is too large for the system: \(error)")
    }
  }
}
