// The arm64 VMID allocator step by step, held against the kernel's order of operations as SYSTEMS
// 1.2 to 1.5 writes it down.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, step by step") struct Arm64VMIDGoldenTests {
  /// Three usable numbers.
  private func world(pcpus: Int = 2, vms: Int = 5) -> RecordedVMIDs<Arm64VMIDAsMerged> {
    RecordedVMIDs(pcpus: pcpus, vms: vms, tagBits: 2)
  }

  /// 1.2, up to the compare-exchange: what every entry begins with.
  private func look(_ vm: Int, on pcpu: Int) -> [String] {
    [
      "load relaxed id[\(vm)]", "load relaxed active[\(pcpu)]", "load relaxed generation[0]",
    ]
  }

  /// 1.2, the slow path, around what happens under the lock.
  private func underLock(_ vm: Int, on pcpu: Int, _ steps: [String] = []) -> [String] {
    ["maskInterrupts", "acquire acquire lock[0]"]
      + ["load relaxed id[\(vm)]", "load relaxed generation[0]"] + steps
      + ["store relaxed active[\(pcpu)]", "release release lock[0]", "restoreInterrupts enabled"]
  }

  /// 1.3, the two reads that new_id begins with.
  private func newID(_ vm: Int, _ steps: [String]) -> [String] {
    ["load relaxed id[\(vm)]", "load relaxed generation[0]"] + steps
  }

  @Test func `the fast path: three loads and one compare-exchange`() {
    let world = world()
    world.enter(0, on: 0)
    let steps = world.hardware.record { #expect(world.enter(0, on: 0).tookFastPath) }
    #expect(steps.short == look(0, on: 0) + ["compareExchange relaxed active[0]"])
    #expect(steps.last?.input == [world.id(of: 0), world.id(of: 0)])
    #expect(steps.last?.failureOrder == "relaxed")
  }

  @Test func `after a put the compare-exchange expects the marker`() {
    let world = world()
    world.pass([0], on: 0)
    let steps = world.hardware.record { #expect(world.enter(0, on: 0).tookFastPath) }
    #expect(steps.last?.input == [1 << 2, world.id(of: 0)])
  }

  @Test func `an emptied slot goes to the lock without a look at the generation`() {
    let world = world()
    world.enter(0, on: 0)
    // pCPU 1's slot is 0 from the beginning; the VM's id is current.
    let steps = world.hardware.record { #expect(!world.enter(0, on: 1).tookFastPath) }
    #expect(steps.short == look(0, on: 1).dropLast() + underLock(0, on: 1))
    #expect(world.hardware.counts[.entryWithEmptiedSlot] == 2)
  }

  @Test func `a VM without an id gets the next free number`() {
    let world = world()
    world.pass([0], on: 0)
    let steps = world.hardware.record { #expect(world.enter(1, on: 0).tag == Tag(2)) }
    #expect(
      steps.short
        == look(1, on: 0) + underLock(1, on: 0, newID(1, ["store relaxed id[1]"])))
  }

  @Test func `a claim that meets a rollover goes to the lock`() {
    let world = world()
    world.pass([0], on: 0)
    world.hardware.interrupt(before: Arm64VMIDSites.fastClaim) { world.pass([1, 2, 3], on: 1) }
    let all = world.hardware.record { #expect(!world.enter(0, on: 0).tookFastPath) }
    let steps = all.filter { $0.pcpu == PCPU(0) }
    #expect(
      steps.short
        == look(0, on: 0) + ["compareExchange relaxed active[0]"]
        // pCPU 1 has taken the VM's number meanwhile: a fresh one.
        + underLock(0, on: 0, newID(0, ["store relaxed id[0]"])))
    #expect(world.hardware.counts[.claimLost] == 1)
  }

  @Test func `a VM that ran through a rollover keeps its number`() {
    let world = world()
    world.enter(0, on: 0)
    world.pass([1, 2, 3], on: 1)
    let before = world.number(of: 0)
    let steps = world.hardware.record { #expect(!world.enter(0, on: 0).tookFastPath) }
    #expect(
      steps.short
        == look(0, on: 0).dropLast()
        + underLock(0, on: 0, newID(0, ["store relaxed id[0]"])))
    #expect(world.number(of: 0) == before)
    #expect(world.hasCurrentID(0))
    #expect(world.reserved[0] == world.id(of: 0))
    #expect(world.hardware.counts[.retagHitOnePCPU] == 1)
  }

  @Test func `its reserved ids are renewed on all pCPUs`() {
    let world = world(pcpus: 3)
    world.enter(0, on: 0)
    world.enter(0, on: 1)
    world.pass([1, 2, 3], on: 2)
    world.enter(0, on: 1)
    #expect(world.reserved.prefix(2) == [world.id(of: 0), world.id(of: 0)])
    #expect(world.hardware.counts[.retagHitMorePCPUs] == 1)
    #expect(world.hardware.counts[.retagHitOnePCPU] == 0)
  }

  @Test func `an old number that is still free is kept`() {
    let world = world()
    world.pass([0, 1, 2, 3], on: 0)
    // VM 3 rolled over and has number 1; VM 2's number 3 is free.
    let steps = world.hardware.record { #expect(world.enter(2, on: 0).tag == Tag(3)) }
    #expect(
      steps.short
        == look(2, on: 0) + underLock(2, on: 0, newID(2, ["store relaxed id[2]"])))
    #expect(world.hardware.counts[.oldNumberStillFree] == 1)
  }

  @Test func `an old number that is taken is replaced`() {
    let world = world()
    world.pass([0, 1, 2, 3], on: 0)
    let steps = world.hardware.record { #expect(world.enter(0, on: 0).tag == Tag(2)) }
    #expect(
      steps.short
        == look(0, on: 0) + underLock(0, on: 0, newID(0, ["store relaxed id[0]"])))
    #expect(world.hardware.counts[.oldNumberStillFree] == 0)
  }

  /// 1.3 (d) and 1.5.
  private let rollover = [
    "add relaxed generation[0]", "exchange relaxed active[0]", "exchange relaxed active[1]",
    "fence storeStore", "invalidate everything on everyPCPU", "waitForInvalidations",
  ]

  @Test func `a rollover bumps, collects, flushes and waits, and only then gives out a number`() {
    let world = world()
    world.pass([0, 1, 2], on: 0)
    let steps = world.hardware.record { world.enter(3, on: 0) }
    #expect(
      steps.short
        == look(3, on: 0)
        + underLock(3, on: 0, newID(3, rollover + ["store relaxed id[3]"])))
    #expect(world.hardware.pendingInvalidations[0].isEmpty)
  }

  @Test func `numbers are forgotten after the bump, kept ones noted with each exchange`() {
    let world = world()
    world.pass([0, 1], on: 0)
    world.enter(2, on: 1)
    let steps = world.hardware.record { world.enter(3, on: 0) }
    let start = steps.firstIndex { $0.kind == .add } ?? 0
    let end = steps.firstIndex { $0.kind == .fence } ?? 0
    let touched = steps[start..<end].filter { $0.kind != .read && $0.kind != .note }
    #expect(
      touched.map(\.short) == [
        "add relaxed generation[0]", "write numbers in use[0]",
        "exchange relaxed active[0]", "write numbers in use[0]", "write reserved[0]",
        "exchange relaxed active[1]", "write numbers in use[0]", "write reserved[1]",
      ])
    #expect(touched.map(\.input) == [[4], [0], [0], [1], [4], [0], [0b1001], [4 | 3]])
  }

  @Test func `oracles are told around the whole of a rollover, lock held, interrupts off`() {
    let world = world()
    world.pass([0, 1, 2], on: 0)
    let kinds = world.hardware.record { world.enter(3, on: 0) }.map(\.kind)
    let order: [RecordedKind] = [
      .maskInterrupts, .acquire, .rolloverBegins, .add, .waitForInvalidations, .rolloverEnds,
      .release, .restoreInterrupts,
    ]
    #expect(kinds.filter(order.contains) == order)
  }

  @Test func `a slot that is still empty keeps what was reserved for it`() {
    let world = world()
    world.enter(0, on: 0)
    world.pass([1, 2, 3, 4], on: 1)
    world.pass([1, 2, 3, 4], on: 1)
    #expect(world.generation > 8, "two rollovers at least")
    #expect(world.reserved[0] == world.id(of: 0))
    #expect(world.hardware.counts[.reservedFallback] > 0)
  }

  @Test func `a put is one plain store of the marker`() {
    let world = world()
    world.enter(0, on: 1)
    let steps = world.hardware.record { world.put(0, on: 1) }
    #expect(steps.short == ["store relaxed active[1]"])
    #expect(world.active[1] == 4, "generation 1, number 0")
  }

  @Test func `a put over an emptied slot is counted`() {
    let world = world()
    world.enter(0, on: 0)
    world.pass([1, 2, 3], on: 1)
    #expect(world.active[0] == 0)
    world.put(0, on: 0)
    #expect(world.active[0] == 4)
    // pCPU 1 rolled over itself, so it never left over a 0.
    #expect(world.hardware.counts[.markerStoredOverZero] == 1)
  }

  @Test func `the late tag is one more load of the id`() {
    let world = world()
    world.enter(0, on: 0)
    let steps = world.hardware.record {
      let late = world.allocator.lateID(of: (), of: world.vms[0], on: world.hardware.machine(0))
      #expect(late == TagID(tag: Tag(1), generation: 1))
    }
    #expect(steps.short == ["load relaxed id[0]"])
    #expect(steps.first?.site == Arm64VMIDSites.lateID)
  }

  @Test func `a flush reads the id, invalidates its page everywhere and waits`() {
    let world = world()
    world.pass([0, 1], on: 0)
    let steps = world.hardware.record {
      world.allocator.flush(page: 9, of: world.vms[1], on: world.hardware.machine(0))
    }
    #expect(
      steps.short == [
        "load relaxed id[1]", "invalidate page 9 of tag 2 on everyPCPU", "waitForInvalidations",
      ])
  }

  @Test func `a new VM has no id, and its predecessor's number stays taken`() {
    let world = world()
    world.pass([0], on: 0)
    let steps = world.hardware.record { world.recreate(0) }
    #expect(steps.short == ["store relaxed id[0]"])
    #expect(world.id(of: 0) == 0)
    #expect(world.numbersInUse == [1])
  }
}
