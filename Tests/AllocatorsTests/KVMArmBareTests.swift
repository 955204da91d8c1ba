// The bare KVM/arm allocator, step by step and in the windows between two pCPUs.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("Bare KVM/arm VMIDs, step by step") struct KVMArmBareGoldenTests {
  private typealias World = RecordedBareVMIDs<KVMArmBareAsMerged>

  private let look = ["load relaxed generation[0]", "load acquire VM generation[0]"]

  private let publication = ["store relaxed VM number[0]", "store release VM generation[0]"]

  private func underLock(_ steps: [String] = []) -> [String] {
    ["acquire acquire lock[0]", "load relaxed generation[0]", "load relaxed VM generation[0]"]
      + steps + ["release release lock[0]"]
  }

  @Test func `a VM with a number of this generation: two loads`() {
    let world = World()
    world.pass(0, on: 0)
    let steps = world.hardware.record { #expect(world.prepare(0, on: 1).tookFastPath) }
    #expect(steps.short == look)
  }

  @Test func `a VM without one takes the next, under the lock, interrupts as they are`() {
    let world = World()
    let steps = world.hardware.record { #expect(!world.prepare(0, on: 0).tookFastPath) }
    #expect(steps.short == look + underLock(publication))
    #expect((world.number(of: 0), world.generation(of: 0)) == (1, 1))
    #expect(world.nextNumber == 2)
  }

  @Test func `who comes second to the lock finds the number there`() {
    let world = World()
    world.hardware.interrupt(before: KVMArmBareSites.slowLock) { world.pass(0, on: 1) }
    let steps = world.hardware.record { #expect(!world.prepare(0, on: 0).tookFastPath) }
    #expect(steps.filter { $0.pcpu == PCPU(0) }.short == look + underLock())
    #expect(world.nextNumber == 2)
  }

  @Test func `a rollover bumps, waits for every other pCPU once, and flushes`() {
    let world = World(pcpus: 3)
    for vm in 1...3 { world.pass(vm, on: 0) }
    #expect(world.nextNumber == 0)
    let steps = world.hardware.record { #expect(world.pass(0, on: 1) == 1) }
    let rollover =
      ["add fullyOrdered generation[0]", "wait acquire irqoff[0]", "wait acquire irqoff[2]"]
      + ["invalidate everything on everyPCPU", "waitForInvalidations"]
    let entry =
      ["store relaxed irqoff[1]", "fence full"] + look + ["load relaxed VM number[0]"]
    #expect(
      steps.short
        == look + underLock(rollover + publication) + entry + ["store release irqoff[1]"])
    #expect(world.generation == 2)
    #expect(world.nextNumber == 2)
  }

  @Test func `all others need a number after a rollover`() {
    let world = World()
    for vm in [0, 1, 2, 3] { world.pass(vm, on: 0) }
    #expect((0..<4).map { world.generation(of: $0) } == [1, 1, 1, 2])
    #expect((0..<3).map { world.pass($0, on: 0) } == [2, 3, 1])
    #expect(world.generation == 3)
  }

  @Test func `a new VM in an old one's place needs a number`() {
    let world = World()
    world.pass(0, on: 0)
    world.recreate(0)
    #expect(world.pass(0, on: 0) == 2)
  }

  @Test func `nothing is said of a number before the entry, nor of a generation at it`() {
    let world = World()
    #expect(world.prepare(0, on: 0).tag == .undecided)
    #expect(world.prepare(0, on: 0).tag == .undecided)
    let late = world.allocator.lateID(of: (), of: world.vms[0], on: world.hardware.machine(0))
    #expect(late == TagID(tag: Tag(1), generation: 0))
  }

  // MARK: The initial state

  private func world(_ state: InitialState) -> World {
    let world = World()
    world.allocator.start(from: state, vms: world.vms, on: world.hardware.machine(0))
    return world
  }

  @Test func `the VMs hold the numbers they were given, in the first generation`() {
    let world = world(InitialState(numbers: [2, 0, 1, 0], full: false))
    #expect((0..<4).map { world.number(of: $0) } == [2, 0, 1, 0])
    #expect((0..<4).map { world.generation(of: $0) } == [1, 0, 1, 0])
    #expect(world.prepare(0, on: 1).tookFastPath)
    #expect(world.pass(1, on: 0) == 3)
    #expect(world.generation == 1, "no rollover")
  }

  @Test(arguments: [
    InitialState(numbers: [1, 0, 0, 0], full: true), InitialState(numbers: [3], full: false),
  ])
  func `where no number is left the next allocation rolls over`(_ state: InitialState) {
    let world = world(state)
    #expect(world.nextNumber == 0)
    #expect(world.pass(1, on: 1) == 1)
    #expect(world.generation == 2)
  }

  // MARK: The site table

  /// All that happens in a world where every branch is taken.
  private func everything() -> [RecordedStep] {
    let world = World()
    world.recreate(0)
    for vm in 0..<4 { world.pass(vm, on: 0) }
    world.prepare(0, on: 1)
    world.abort(0, on: 1)
    world.allocator.flush(page: 3, of: world.vms[0], on: world.hardware.machine(0))
    return world.hardware.steps
  }

  @Test func `every row is reached, and says what is done`() throws {
    let steps = everything().filter { $0.site != nil }
    #expect(Set(steps.compactMap(\.site)) == Set(KVMArmBareSites.table.map(\.site)))
    for step in steps {
      let row = try #require(KVMArmBareSites.table.first { $0.site == step.site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
      switch row.object {
      case "vm.generation": #expect(step.object?.name == "VM generation", "\(row.name)")
      case "vm.number": #expect(step.object?.name == "VM number", "\(row.name)")
      case "irqoff[this]":
        #expect(step.object == RecordedObject("irqoff", step.pcpu.index), "\(row.name)")
      case "irqoff[other]":
        #expect(step.object == RecordedObject("irqoff", 1 - step.pcpu.index), "\(row.name)")
      case "generation", "lock": #expect(step.object?.name == row.object, "\(row.name)")
      case "everything", "page": #expect(step.detail.hasPrefix(row.object), "\(row.name)")
      default: #expect(row.object == "-" && step.object == nil, "\(row.name)")
      }
    }
  }

  @Test func `rows are numbered from 1 without a gap, and no name stands twice`() {
    let table = KVMArmBareSites.table
    #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
    #expect(Set(table.map(\.name)).count == table.count)
  }
}

@Suite("Bare KVM/arm VMIDs, two pCPUs at once") struct KVMArmBareInterleavingTests {
  @Test func `who prepared before a rollover is stopped by the last look`() {
    let world = RecordedBareVMIDs<KVMArmBareAsMerged>()
    world.pass(0, on: 0)
    #expect(world.prepare(0, on: 0).tookFastPath)
    for vm in 1...3 { world.pass(vm, on: 1) }
    #expect(!world.mayEnter(0, on: 0))
    world.abort(0, on: 0)
    #expect(world.pass(0, on: 0) == 2)
  }

  @Test func `a number that a sibling renewed before the last look is the right one`() {
    let world = RecordedBareVMIDs<KVMArmBareAsMerged>()
    world.pass(0, on: 0)
    #expect(world.prepare(0, on: 0).tookFastPath)
    for vm in [1, 2, 3, 0] { world.pass(vm, on: 1) }
    #expect(world.mayEnter(0, on: 0))
    #expect(world.lateNumber(0, on: 0) == 2)
  }

  @Test func `a rollover waits for whoever is in the guest`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let world = RecordedBareVMIDs<KVMArmBareAsMerged>()
      world.prepare(0, on: 0)
      guard world.mayEnter(0, on: 0) else { return }
      for vm in 1...3 { world.pass(vm, on: 1) }
    }
    let lastWords = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(lastWords.contains("it waits for ever: irqoff[0] is 1"))
  }

  /// pCPU 1 gives VM 0 a number in a new generation; between the two stores of its publication
  /// pCPU 0 comes to enter VM 0, whose number was 1. Returns under which number it does, and
  /// pCPU 1 afterwards; nil if pCPU 0 finds that it needs the lock.
  private func entryInPublication<Rules: KVMArmBareRules>(
    _ rules: Rules.Type, before site: Site
  ) -> (UInt64?, UInt64) {
    let world = RecordedBareVMIDs(rules)
    for vm in 0..<4 { world.pass(vm, on: 1) }
    var number: UInt64?
    world.hardware.interrupt(before: site) {
      // With the lock held by pCPU 1 the slow path would wait for ever.
      guard world.mayEnter(0, on: 0) else { return world.abort(0, on: 0) }
      number = world.lateNumber(0, on: 0)
    }
    world.prepare(0, on: 1)
    return (number, world.lateNumber(0, on: 1))
  }

  @Test func `B37: a generation that is published first lets the old number in`() {
    let wrong = entryInPublication(GenerationFirst.self, before: KVMArmBareSites.publishNumber)
    #expect(wrong == (1, 2), "one VM, two numbers")
    let right = entryInPublication(
      KVMArmBareAsMerged.self, before: KVMArmBareSites.publishGeneration)
    #expect(right == (nil, 2))
  }
}
