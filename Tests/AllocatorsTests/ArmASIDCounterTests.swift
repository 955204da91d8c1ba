// The counting ASID allocator of 32-bit ARM, step by step.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

/// An allocator and its processes of one thread, driven by one thread.
private struct RecordedCounter<Rules: ArmASIDCounterRules> {
  let hardware = RecordingHardware(pcpuCount: 2)
  let allocator: ArmASIDCounter<RecordingMachine, Rules>
  let vms: [ArmASIDCounterContext<RecordingMachine>]
  let threads: [RecordedCell]

  init(_ rules: Rules.Type = Rules.self) {
    let memory = hardware.memory
    let allocator = ArmASIDCounter<RecordingMachine, Rules>(
      AllocatorConfiguration(tagBits: 2, pcpuCount: 2), in: memory)
    self.allocator = allocator
    vms = (0..<4).map { _ in allocator.makeVM(in: memory) }
    threads = vms.map { allocator.makeVCPU(0, of: $0, in: memory) }
  }

  /// A switch and a stay outside the kernel; returns the id it was made under.
  @discardableResult
  func pass(_ vm: Int, on pcpu: Int) -> TagID {
    let m = hardware.machine(pcpu)
    allocator.load(threads[vm], of: vms[vm], on: m)
    _ = allocator.prepareEntry(threads[vm], of: vms[vm], on: m)
    while !allocator.mayEnter(threads[vm], of: vms[vm], on: m) {
      allocator.entryAborted(threads[vm], of: vms[vm], on: m)
      _ = allocator.prepareEntry(threads[vm], of: vms[vm], on: m)
    }
    return allocator.lateID(of: threads[vm], of: vms[vm], on: m)
  }
}

@Suite("Counted ASIDs, step by step") struct ArmASIDCounterTests {
  private typealias World = RecordedCounter<ArmASIDCounterAsFixed>

  @Test func `a switch to a process with a number takes no lock`() {
    let world = World()
    world.pass(0, on: 0)
    world.pass(1, on: 0)
    let steps = world.hardware.record { world.pass(0, on: 0) }
    #expect(
      steps.short == [
        "or relaxed ran on[0]", "load relaxed id[0]", "load relaxed last[0]",
        "load relaxed last[0]",
      ])
  }

  @Test func `a thread that comes back has its number looked at and nothing else`() {
    let world = World()
    world.pass(0, on: 0)
    let steps = world.hardware.record { world.pass(0, on: 0) }
    #expect(
      steps.short == ["or relaxed ran on[0]", "load relaxed last[0]", "load relaxed last[0]"])
  }

  @Test func `a rollover bumps, flushes and calls everybody, interrupts as they are`() {
    let world = World()
    for vm in 0..<3 { world.pass(vm, on: 0) }
    let steps = world.hardware.record { #expect(world.pass(3, on: 0).tag == Tag(1)) }
    #expect(
      steps.short == [
        "or relaxed ran on[3]", "load relaxed id[3]", "load relaxed last[0]",
        "acquire acquire lock[0]",
        "load relaxed id[3]", "load relaxed last[0]", "store relaxed last[0]",
        "invalidate everything on thisPCPU", "call", "waitForCalls", "store relaxed last[0]",
        "store relaxed id[3]", "release release lock[0]", "load relaxed last[0]",
      ])
  }

  @Test func `B35: who comes back after a rollover keeps its old number`() {
    func ids<Rules: ArmASIDCounterRules>(_ rules: Rules.Type) -> [TagID] {
      let world = RecordedCounter(rules)
      for vm in 0..<3 { world.pass(vm, on: 1) }
      world.pass(2, on: 0)
      world.pass(3, on: 1)
      return [world.pass(2, on: 0), world.pass(2, on: 1)]
    }
    let right = ids(ArmASIDCounterAsFixed.self)
    #expect(right == [TagID(tag: Tag(2), generation: 2), TagID(tag: Tag(2), generation: 2)])
    let wrong = ids(KeptUnseen.self)
    #expect(wrong == [TagID(tag: Tag(3), generation: 1), TagID(tag: Tag(2), generation: 2)])
  }

  @Test func `every row is reached, and says what is done`() throws {
    let world = World()
    for vm in [0, 0, 1, 2, 3, 0] { world.pass(vm, on: 0) }
    world.allocator.flush(page: 1, of: world.vms[0], on: world.hardware.machine(0))
    try? world.allocator.createVM(world.vms[0], on: world.hardware.machine(0))
    let steps = world.hardware.steps.filter { $0.site != nil }
    #expect(Set(steps.compactMap(\.site)) == Set(ArmASIDCounterSites.table.map(\.site)))
    for step in steps {
      let row = try #require(ArmASIDCounterSites.table.first { $0.site == step.site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
    }
    let table = ArmASIDCounterSites.table
    #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
  }
}
