// ASIDs for guests of guests, step by step: which of the two contexts flushes, and when.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("Nested ASIDs") struct SVMNestedTests {
  private typealias World<Rules: SVMNestedRules> = RecordedVCPUs<SVMNested<RecordingMachine, Rules>>
  private typealias Right = World<SVMNestedAsPosted>

  private let flushOfL1 = ["tag 2 on thisPCPU"]
  private let flushOfL2 = ["tag 3 on thisPCPU"]

  /// A world of one VM in which L1 and one of its guests have run on pCPU 0; L1 goes on.
  private func settled<Rules: SVMNestedRules>(_: Rules.Type) -> World<Rules> {
    let world = World<Rules>(vms: 1)
    world.run(0, on: 0)
    world.load(0, 0, on: 0)
    world.nest(under: 1)
    world.exit()
    world.enter(0, 0, on: 0)
    return world
  }

  @Test func `an entry where nothing has changed: one exchange at load, two looks`() {
    let world = settled(SVMNestedAsPosted.self)
    let steps = world.hardware.record { world.run(0, on: 0) }
    #expect(
      steps.short == [
        "exchange relaxed last vCPU[2]", "load relaxed requests[0]", "load relaxed requests[0]",
      ])
  }

  @Test func `L2 has a number of its own, decided when the first one runs`() {
    let world = Right(vms: 1)
    #expect(world.run(0, on: 0) == 2)
    world.load(0, 0, on: 0)
    let steps = world.hardware.record { world.allocateNested() }
    #expect(
      steps.short == [
        "acquire acquire nested lock[0]", "acquire acquire lock[0]", "release release lock[0]",
        "release release nested lock[0]", "exchange relaxed last vCPU[3]",
      ])
    #expect(world.enter(0, 0, on: 0) == 3)
    world.exit()
    #expect(world.enter(0, 0, on: 0) == 2)
    world.load(0, 1, on: 1)
    #expect(world.nest(1, on: 1, under: 1) == 3, "the sibling's guests, too")
  }

  @Test func `two VMs without one share the fallback, which each run flushes`() {
    let world = Right(vms: 2)
    world.run(0, on: 0)
    world.load(0, 0, on: 0)
    #expect(world.nest(under: 1) == 1)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == ["tag 1 on thisPCPU"])
    world.recreate(0)
    #expect(world.run(0, on: 0) == 2, "one was freed, the fallback was not")
  }

  @Test func `a VM's end frees both numbers, and takes both out of all maps`() {
    let world = settled(SVMNestedAsPosted.self)
    let steps = world.hardware.record {
      world.allocator.destroyVM(world.vms[0], on: world.hardware.machine(0))
    }
    #expect(
      steps.short == [
        "store relaxed last vCPU[2]", "store relaxed last vCPU[6]", "acquire acquire lock[0]",
        "release release lock[0]", "store relaxed last vCPU[3]", "store relaxed last vCPU[7]",
        "acquire acquire lock[0]", "release release lock[0]",
      ])
    #expect(world.hardware.memory.values(of: "taken") == [0b11])
  }

  @Test func `the same guest again needs no flush, another tag does`() {
    let world = settled(SVMNestedAsPosted.self)
    #expect(world.flushes { world.nest(under: 1) }.isEmpty)
    world.exit()
    #expect(world.flushes { world.nest(under: 2) } == flushOfL2)
    world.exit()
    #expect(world.flushes { world.nest(under: 1) } == flushOfL2)
  }

  @Test func `the host's request flushes both, whoever is current`() {
    let world = settled(SVMNestedAsPosted.self)
    world.unmap(0, on: 1)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
    #expect(world.flushes { world.nest(under: 1) } == flushOfL2)
    world.unmap(0, on: 1)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL2)
    world.exit()
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
  }

  @Test func `each context notes by itself where it ran last`() {
    let world = settled(SVMNestedAsPosted.self)
    #expect(world.flushes { world.run(0, on: 1) } == flushOfL1)
    world.load(0, 0, on: 0)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
    #expect(world.flushes { world.nest(under: 1) }.isEmpty, "L2 was nowhere else")
    world.exit()
    world.load(0, 0, on: 1)
    #expect(world.flushes { world.nest(on: 1, under: 1) } == flushOfL2)
  }

  @Test func `a sibling that ran under one number is noticed under that one`() {
    let world = settled(SVMNestedAsPosted.self)
    world.load(0, 1, on: 0)
    world.nest(1, under: 1)
    world.exit(1)
    world.load(0, 0, on: 0)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
    #expect(world.flushes { world.nest(under: 1) } == flushOfL2)
  }

  @Test func `a vCPU that is loaded in L2 is noted under L1's number when L1 goes on`() {
    let world = settled(SVMNestedAsPosted.self)
    world.load(0, 1, on: 0)
    world.nest(1, under: 1)
    world.run(0, on: 0)
    world.load(0, 1, on: 0)
    #expect(world.flushes { world.enter(0, 1, on: 0) }.isEmpty)
    world.exit(1)
    #expect(world.flushes { world.enter(0, 1, on: 0) } == flushOfL1)
    #expect(world.flushes { world.run(0, on: 0) } == flushOfL1)
  }

  @Test func `L1's flush of its guest is one of the guest, that of everything one of L1, too`() {
    let world = settled(SVMNestedAsPosted.self)
    #expect(world.flushes { world.nest(under: 1, .thisASID) } == flushOfL2)
    world.exit()
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
    #expect(world.flushes { world.nest(under: 1, .everything) } == flushOfL2)
    world.exit()
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
  }

  @Test func `a flush of the guest waits for the guest when L1 goes on at once`() {
    let world = settled(SVMNestedAsPosted.self)
    world.enterNested(under: 1, .thisASID)
    world.exit()
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
    #expect(world.flushes { world.nest(under: 1) } == flushOfL2)
  }

  @Test func `INVLPGA drops one page of the context that is named, if any is`() {
    let world = settled(SVMNestedAsPosted.self)
    #expect(world.flushes { world.invalidate(0) } == ["page 5 of tag 2 on thisPCPU"])
    #expect(world.flushes { world.invalidate(1) } == ["page 5 of tag 3 on thisPCPU"])
    #expect(world.flushes { world.invalidate(2) }.isEmpty)
  }

  @Test func `INVLPGA away from where the guest ran last is a flush to come`() {
    let world = settled(SVMNestedAsPosted.self)
    world.run(0, on: 1)
    #expect(world.flushes { world.invalidate(1, on: 1) }.isEmpty)
    world.run(0, on: 0)
    #expect(world.flushes { world.nest(under: 1) } == flushOfL2)
  }

  // MARK: Faults

  @Test func `B49A: a vCPU that is loaded in L2 goes on in L1 unseen`() {
    let world = settled(NotedAtLoadOnly.self)
    world.load(0, 1, on: 0)
    world.nest(1, under: 1)
    world.run(0, on: 0)
    world.load(0, 1, on: 0)
    #expect(world.flushes { world.enter(0, 1, on: 0) } == flushOfL2)
    world.exit(1)
    #expect(world.flushes { world.enter(0, 1, on: 0) } == flushOfL1, "one request for both")
    #expect(world.flushes { world.run(0, on: 0) }.isEmpty)
  }

  @Test func `B54: the host's request flushes one of the two`() {
    let world = settled(HostFlushesCurrent.self)
    world.unmap(0, on: 1)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
    #expect(world.flushes { world.nest(under: 1) }.isEmpty)
  }

  @Test func `B55: the guest's flush is L1's`() {
    let world = settled(FlushTakenAfterSwitch.self)
    world.enterNested(under: 1, .thisASID)
    world.exit()
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOfL1)
    #expect(world.flushes { world.nest(under: 1) }.isEmpty)
  }

  @Test func `B56: another guest finds what the last one left`() {
    let world = settled(OtherGuestWithoutFlush.self)
    #expect(world.flushes { world.nest(under: 2) }.isEmpty)
  }

  @Test func `B57: everything is everything but L1`() {
    let world = settled(EverythingButL1.self)
    world.nest(under: 1, .everything)
    world.exit()
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
  }

  @Test func `B58: the page is one of L1's`() {
    let world = settled(PageOfL1.self)
    #expect(world.flushes { world.invalidate(1) } == ["page 5 of tag 2 on thisPCPU"])
  }

  @Test func `B58A: the page is dropped where L1 is`() {
    let world = settled(PageOfL2Here.self)
    world.run(0, on: 1)
    #expect(world.flushes { world.invalidate(1, on: 1) } == ["page 5 of tag 3 on thisPCPU"])
    world.run(0, on: 0)
    #expect(world.flushes { world.nest(under: 1) }.isEmpty)
  }

  @Test func `B58B: the number is decided without the lock`() {
    let world = World<NestedNumberWithoutLock>(vms: 1)
    world.load(0, 0, on: 0)
    let steps = world.hardware.record { world.allocateNested() }
    #expect(
      steps.short == [
        "acquire acquire lock[0]", "release release lock[0]", "exchange relaxed last vCPU[3]",
      ])
  }

  // MARK: The site table

  @Test func `every row is reached, and says what is done`() throws {
    let world = settled(SVMNestedAsPosted.self)
    world.unmap(0, on: 1)
    world.run(0, on: 0)
    world.invalidate(1)
    world.recreate(0)
    try expectTable(SVMNestedSites.table, world.hardware.steps)
  }
}

extension RecordedVCPUs {
  /// L1 of VM 0 runs a guest.
  fileprivate func enterNested(
    _ vcpu: Int = 0, on pcpu: Int = 0, under asid: UInt64, _ control: TLBControl = .nothing
  ) {
    allocator.enterNested(
      vcpus[0][vcpu], of: vms[0], virtualASID: asid, control: control,
      on: hardware.machine(pcpu))
  }

  /// The first time.
  fileprivate func allocateNested() { enterNested(under: 1) }

  /// The same, and the guest is entered once; returns its tag.
  @discardableResult
  fileprivate func nest(
    _ vcpu: Int = 0, on pcpu: Int = 0, under asid: UInt64, _ control: TLBControl = .nothing
  ) -> UInt64 {
    enterNested(vcpu, on: pcpu, under: asid, control)
    return enter(0, vcpu, on: pcpu)
  }

  /// L1 goes on.
  fileprivate func exit(_ vcpu: Int = 0, on pcpu: Int = 0) {
    allocator.exitNested(vcpus[0][vcpu], of: vms[0], on: hardware.machine(pcpu))
  }

  /// L1's INVLPGA of page 5.
  fileprivate func invalidate(_ asid: UInt64, on pcpu: Int = 0) {
    allocator.invalidate(
      page: 5, virtualASID: asid, vcpus[0][0], of: vms[0], on: hardware.machine(pcpu))
  }
}
