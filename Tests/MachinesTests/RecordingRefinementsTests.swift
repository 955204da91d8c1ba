// The test double offers what any system may ask of a machine.

import Domain
import Machines
import TestSupport
import Testing

/// A machine with every refinement.
private typealias FullMachine = GuestMachine & CallingMachine
  & SleepingLockMachine & TopologyMachine
  & DecidingMachine & LifetimeMachine

@Suite("Refinements of the recording machine") struct RecordingRefinementsTests {
  private let hardware = RecordingHardware(pcpuCount: 2)

  private var texts: [String] { hardware.steps.map(\.description) }

  /// Written against the protocols: whatever conforms to them can be asked for this.
  private func askForEverything<M: FullMachine>(_ m: M, _ memory: M.Memory) {
    let lock = memory.lock(named: "lock")
    m.call(PCPUSet(PCPU(1)), .flushEverything, at: Site(1))
    m.waitForCalls(at: Site(2))
    m.acquireShared(lock, at: Site(3))
    m.releaseShared(lock, at: Site(4))
    m.acquireExclusive(lock, at: Site(5))
    m.releaseExclusive(lock, at: Site(6))
    m.acquireSleeping(lock, at: Site(7))
    m.releaseSleeping(lock, at: Site(8))
    m.preemptionPoint(at: Site(9))
    m.invalidate(
      .stage2(Tag(3), Stage2Span(first: 16, pages: 4, level: 2)), on: .everyPCPU, at: Site(10))
    m.invalidate(.stage1(Tag(3)), on: .thisPCPU, at: Site(11))
  }

  @Test func `all of them are recorded`() {
    askForEverything(hardware.machine(0), hardware.memory)
    #expect(
      texts == [
        "pCPU 0: call (2, 1) at site 1",
        "pCPU 0: waitForCalls at site 2",
        "pCPU 0: wait lock[0] until below(4294967296) relaxed -> 0 at site 3",
        "pCPU 0: compareExchange lock[0] acquire or else relaxed (0, 1) -> 0 at site 3",
        "pCPU 0: add lock[0] release (18446744073709551615) -> 0 at site 4",
        "pCPU 0: wait lock[0] until equals(0) relaxed -> 0 at site 5",
        "pCPU 0: compareExchange lock[0] acquire or else relaxed (0, 4294967296) -> 0 at site 5",
        "pCPU 0: store lock[0] release (0) at site 6",
        "pCPU 0: acquireSleeping lock[0] acquire -> 0 at site 7",
        "pCPU 0: releaseSleeping lock[0] release -> 1 at site 8",
        "pCPU 0: preemptionPoint at site 9",
        "pCPU 0: invalidate stage 2 of tag 3, pages 16+4 at level 2 on everyPCPU at site 10",
        "pCPU 0: invalidate stage 1 of tag 3 on thisPCPU at site 11",
      ])
  }

  @Test func `readers share a lock`() {
    let lock = hardware.memory.lock(named: "lock")
    hardware.machine(0).acquireShared(lock, at: here)
    hardware.machine(1).acquireShared(lock, at: here)
    hardware.machine(0).releaseShared(lock, at: here)
    #expect(hardware.memory.value(of: "lock") != 0)
    hardware.machine(1).releaseShared(lock, at: here)
    #expect(hardware.memory.value(of: "lock") == 0)
  }

  @Test func `the test decides what the environment does`() {
    hardware.decisions = [1, 2]
    let m = hardware.machine(0)
    #expect(m.mayFail(at: Site(1)))
    #expect(m.choose(3, at: Site(2)) == 2)
    #expect(!m.mayFail(at: Site(3)))
    #expect(m.choose(3, at: Site(4)) == 0)
    #expect(
      texts.prefix(2) == [
        "pCPU 0: mayFail -> 1 at site 1", "pCPU 0: choose (3) -> 2 at site 2",
      ])
  }

  @Test func `the test shapes the hardware`() {
    let m = hardware.machine(1)
    #expect(m.onlinePCPUs(at: here) == PCPUSet(first: 2))
    #expect(m.pcpusSharingTLB == PCPUSet(PCPU(1)))
    hardware.onlinePCPUs = PCPUSet(PCPU(1))
    #expect(m.onlinePCPUs(at: here) == PCPUSet(PCPU(1)))
  }

  @Test func `interrupts and preemption are each pCPU's own and nest`() {
    let m = hardware.machine(0)
    let outer = m.maskInterrupts()
    let inner = m.maskInterrupts()
    #expect(hardware.interrupts(of: PCPU(0)) == .masked)
    #expect(hardware.interrupts(of: PCPU(1)) == .enabled)
    m.restoreInterrupts(inner)
    #expect(hardware.interrupts(of: PCPU(0)) == .masked)
    m.restoreInterrupts(outer)
    #expect(hardware.interrupts(of: PCPU(0)) == .enabled)
    m.disablePreemption()
    m.disablePreemption()
    m.enablePreemption()
    #expect(hardware.preemptionDepth(of: PCPU(0)) == 1)
    #expect(hardware.preemptionDepth(of: PCPU(1)) == 0)
  }

  @Test func `touching the dead is noticed until they live again`() {
    let word = hardware.memory.word(initially: 0, named: "id")
    let m = hardware.machine(0)
    m.retire(word)
    _ = m.load(word, .relaxed, at: here)
    #expect(hardware.touchesOfDeadObjects == [RecordedObject("id")])
    m.revive(word)
    _ = m.load(word, .relaxed, at: here)
    #expect(hardware.touchesOfDeadObjects.count == 1)
  }
}
