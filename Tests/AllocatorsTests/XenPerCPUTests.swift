// Xen's numbers per pCPU, step by step and in the window between the decision and the entry.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("Xen's numbers per pCPU") struct XenPerCPUTests {
  private typealias World<Rules: XenPerCPURules> = RecordedDomains<
    XenPerCPU<RecordingMachine, Rules>
  >

  private func world<Rules: XenPerCPURules>(
    _: Rules.Type, tagBits: Int = 2, hardwareTagBits: Int? = nil
  ) -> World<Rules> {
    World(
      XenPerCPU<RecordingMachine, Rules>.self, tagBits: tagBits,
      hardwareTagBits: hardwareTagBits, vms: 5)
  }

  private let firstLook = "load relaxed generation[0]"

  @Test func `a vCPU that stays: two looks at its generation`() {
    let world = world(XenX86AsMerged.self)
    #expect(world.pass(0) == 1)
    #expect(world.steps { world.pass(0) } == [firstLook, firstLook])
  }

  @Test func `one without a number takes the next; whoever gets the first flushes its pCPU`() {
    let world = world(XenX86AsMerged.self)
    let first = world.steps { world.pass(0) }
    #expect(
      first == ["store relaxed generation[0]", firstLook, "store relaxed generation[0]"]
        + ["invalidate everything on thisPCPU", firstLook])
    let steps = world.steps { #expect(world.pass(1) == 2) }
    #expect(!steps.contains { $0.hasPrefix("invalidate") })
    #expect(world.pass(2) == 3)
    #expect(world.hardware.counts[.rollovers] == 0)
    let wrap = world.steps { #expect(world.pass(3) == 1) }
    #expect(wrap.contains("invalidate everything on thisPCPU"))
    #expect(world.hardware.counts[.rollovers] == 1)
    #expect(world.pass(0) == 2, "its generation is over")
  }

  @Test func `vCPUs of one VM have numbers of their own, and pCPUs hand out theirs`() {
    let world = world(XenX86AsMerged.self)
    #expect((world.pass(0, 0), world.pass(0, 1)) == (1, 2))
    #expect(world.pass(1, 0, on: 1) == 1)
  }

  @Test func `B46: a new generation that flushes its first number only`() {
    let world = world(FlushOneNumber.self)
    let steps = world.steps { world.pass(0) }
    #expect(steps.contains("invalidate tag 1 on thisPCPU"))
  }

  @Test func `B63: as merged on RISC-V, a vCPU keeps its number when it moves`() {
    let right = world(XenRISCVRepaired.self)
    let wrong = world(XenRISCVAsMerged.self)
    right.pass(0, on: 0)
    right.pass(1, on: 1)
    wrong.pass(0, on: 0)
    wrong.pass(1, on: 1)
    #expect(right.pass(0, on: 1) == 2)
    #expect(wrong.pass(0, on: 1) == 1, "which is VM 1's there")
  }

  @Test func `B65: without numbers every entry flushes its pCPU, as merged on RISC-V none does`() {
    let right = world(XenRISCVRepaired.self, hardwareTagBits: 1)
    let wrong = world(XenRISCVAsMerged.self, hardwareTagBits: 1)
    right.pass(0)
    #expect(right.steps { right.enter(0) } == ["invalidate everything on thisPCPU"])
    #expect(wrong.steps { wrong.pass(0) } == [])
    #expect((right.enter(0), wrong.enter(0)) == (0, 0))
    #expect(world(XenX86AsMerged.self, hardwareTagBits: 0).pass(0) == 1, "0 is the host's")
  }

  @Test func `B66: numbers end where the hardware's bits do`() {
    let right = world(XenRISCVRepaired.self, tagBits: 3, hardwareTagBits: 2)
    let wrong = world(WidthNotProbed.self, tagBits: 3, hardwareTagBits: 2)
    #expect((0..<4).map { right.pass($0) } == [1, 2, 3, 1])
    #expect((0..<4).map { wrong.pass($0) } == [1, 2, 3, 4])
  }

  @Test func `a flush on x86 takes all numbers of the VM away, then calls, then waits`() {
    let world = world(XenX86AsMerged.self)
    world.pass(0)
    #expect(
      world.steps { world.flush(0) }
        == ["store relaxed generation[0]", "store relaxed generation[1]", "call", "waitForCalls"])
    #expect(world.pass(0) == 2)
  }

  @Test func `B67: a flush that calls nobody`() {
    let world = world(NobodyThrownOut.self)
    #expect(!world.steps { world.flush(0) }.contains("call"))
  }

  @Test func `a number that is taken away before the last look is not entered with`() {
    let world = world(XenX86AsMerged.self)
    world.pass(0)
    world.hardware.interrupt(before: XenPerCPUSites.lastGeneration) { world.flush(0) }
    #expect(world.enter(0) == 2)
  }

  @Test func `a flush on RISC-V empties every TLB`() {
    let world = world(XenRISCVRepaired.self)
    #expect(
      world.steps { world.flush(0) }
        == ["invalidate everything on everyPCPU", "waitForInvalidations"])
  }

  @Test func `a new VM in an old one's place has no number`() throws {
    let world = world(XenX86AsMerged.self)
    world.pass(0)
    world.destroy(0)
    try world.create(0)
    #expect(world.pass(0) == 2)
  }

  @Test func `a scenario's start counts on every pCPU`() {
    let world = world(XenX86AsMerged.self)
    let state = InitialState(numbers: [2, 0, 0, 0, 0], full: false)
    world.allocator.start(from: state, vms: world.vms, on: world.m(0))
    #expect((world.pass(0), world.pass(1), world.pass(2, on: 1)) == (2, 3, 3))
    #expect(world.pass(0, on: 1) == 1, "it moved")
  }

  @Test func `every row is reached, and says what is done`() throws {
    let x86 = world(XenX86AsMerged.self)
    let riscv = world(XenRISCVRepaired.self)
    let off = world(XenRISCVRepaired.self, hardwareTagBits: 0)
    try x86.create(0)
    x86.pass(0)
    x86.flush(0)
    riscv.flush(0)
    off.pass(0)
    try expectRows(
      XenPerCPUSites.table, x86.hardware.steps + riscv.hardware.steps + off.hardware.steps)
  }
}
