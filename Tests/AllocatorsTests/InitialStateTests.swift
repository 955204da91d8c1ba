// Starting from a state that a scenario asks for.

import Domain
import TestSupport
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, the initial state") struct InitialStateTests {
  private func world(_ state: InitialState) -> RecordedVMIDs<Arm64VMIDAsMerged> {
    let world = RecordedVMIDs<Arm64VMIDAsMerged>(pcpus: 2, vms: 4, tagBits: 3)
    world.allocator.start(from: state, vms: world.vms, on: world.hardware.machine(0))
    return world
  }

  @Test func `the VMs hold the numbers they were given, in the first generation`() {
    let world = world(InitialState(numbers: [3, 0, 1, 7], full: false))
    #expect((0..<4).map { world.id(of: $0) } == [11, 0, 9, 15])
    #expect(world.numbersInUse == [1, 3, 7])
    #expect(world.generation == 8)
  }

  @Test func `a VM with a number takes the fast path on every pCPU`() {
    let world = world(InitialState(numbers: [3, 0, 1, 7], full: false))
    for (pcpu, vm) in [(0, 0), (1, 3), (0, 2)] {
      let entry = world.enter(vm, on: pcpu)
      #expect(entry.tookFastPath)
      #expect(entry.tag.number == [3, 0, 1, 7][vm])
      world.put(vm, on: pcpu)
    }
  }

  @Test func `a VM without one gets the lowest that nobody was given`() {
    let world = world(InitialState(numbers: [3, 0, 1, 7], full: false))
    let entry = world.enter(1, on: 0)
    #expect(!entry.tookFastPath)
    #expect(entry.tag == Tag(2))
    #expect(world.generation == 8, "no rollover")
  }

  @Test func `where all numbers count as taken the next allocation rolls over`() {
    let world = world(InitialState(numbers: [3, 0, 1, 7], full: true))
    #expect(world.numbersInUse == Set(1...7))
    world.enter(0, on: 0)
    #expect(world.generation == 8)
    let entry = world.enter(1, on: 1)
    #expect(world.generation == 16)
    #expect(entry.tag == Tag(1))
    #expect(world.number(of: 0) == 3, "who was in the guest keeps its number")
    #expect(world.reserved[0] == 8 | 3)
  }

  @Test func `nothing is reserved at the start`() {
    let world = world(InitialState(numbers: [3, 0, 1, 7], full: true))
    #expect(world.reserved == [0, 0])
    #expect(world.active == [8, 8])
  }
}
