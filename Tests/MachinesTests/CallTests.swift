// Calls between live pCPUs, and what else a guest's machine offers beside words and TLBs.

import Domain
import Host
import Machines
import Testing

@Suite("Calls between live pCPUs") struct CallTests {
  private let small = SmallHardware(pcpus: 3)

  @Test func `whoever waits with interrupts on answers`() {
    let word = small.memory.word(initially: 0, named: "done")
    let small = small
    let waiter = PinnedThread(name: "waiter", cpu: nil) {
      _ = small[1].wait(for: word, until: .equals(1), .acquire, at: here)
    }
    small[0].call(PCPUSet(PCPU(1)), .leaveGuest, at: here)
    small[0].waitForCalls(at: here)
    small[0].store(word, 1, .release, at: here)
    waiter.join()
    #expect(!small[1].isCalled)
  }

  @Test func `two pCPUs that call each other both come back`() {
    onThreads(2) { m in
      for _ in 0..<1000 {
        m.call(PCPUSet(PCPU(1 - m.pcpu.index)), .leaveGuest, at: here)
        m.waitForCalls(at: here)
      }
      m.answerUntilAllEnd()
    }
  }

  private func onThreads(_ count: Int, _ body: @escaping @Sendable (LiveMachine) -> Void) {
    let hardware = SmallHardware(pcpus: count)
    let threads = (0..<count).map { index in
      PinnedThread(name: "caller-\(index)", cpu: nil) { body(hardware[index]) }
    }
    threads.forEach { $0.join() }
  }

  @Test func `with interrupts off a call waits until they are on again`() {
    let m = small[1]
    let before = m.maskInterrupts()
    small[0].call(PCPUSet(PCPU(1)), .leaveGuest, at: here)
    // An uncontended lock, and a lookup: neither answers.
    let lock = small.memory.lock(named: "lock")
    m.acquire(lock, at: here)
    m.release(lock, at: here)
    #expect(m.isCalled)
    let inner = m.maskInterrupts()
    m.restoreInterrupts(inner)
    #expect(m.isCalled, "the outer mask still holds")
    m.restoreInterrupts(before)
    #expect(!m.isCalled)
    small[0].waitForCalls(at: here)
  }

  @Test func `a pCPU does not call itself, nor one that is not there`() {
    small[0].call(PCPUSet(rawValue: .max), .flushEverything, at: here)
    #expect(!small[0].isCalled)
    #expect(small[1].isCalled && small[2].isCalled)
    small[1].answerCalls()
    small[2].answerCalls()
    small[0].waitForCalls(at: here)
  }

  @Test func `a called pCPU drops its own TLB, and nobody else's`() {
    let guest = small.guest(0)
    for pcpu in 0..<2 {
      small[pcpu].install(guest.context(3), at: here)
      small[pcpu].touch(0..<4)
    }
    small[0].call(PCPUSet(PCPU(1)), .flushEverything, at: here)
    small[1].answerCalls()
    small[0].waitForCalls(at: here)
    #expect(small[1].translate(0, at: here).outcome == .fill)
    #expect(small[0].translate(0, at: here).outcome == .hit)
  }

  @Test func `what a called pCPU wrote is seen after the wait`() {
    let cell = small.memory.cell(initially: 0, named: "message")
    let stop = small.memory.word(initially: 0, named: "stop")
    let small = small
    let rounds: UInt64 = 500
    let called = PinnedThread(name: "called", cpu: nil) {
      let m = small[1]
      while m.load(stop, .relaxed, at: here) == 0 {
        let state = m.maskInterrupts()
        m.write(cell, m.read(cell) &+ 1)
        m.restoreInterrupts(state)
      }
    }
    var last: UInt64 = 0
    var wentBack = false
    for _ in 0..<rounds {
      small[0].call(PCPUSet(PCPU(1)), .leaveGuest, at: here)
      small[0].waitForCalls(at: here)
      let now = small[0].read(cell)
      wentBack = wentBack || now < last
      last = now
    }
    small[0].store(stop, 1, .relaxed, at: here)
    called.join()
    #expect(!wentBack)
  }
}

@Suite("Guests of a live machine") struct LiveGuestTests {
  @Test func `a guest that is left may keep its context, but is in the guest no more`() {
    let small = SmallHardware(pcpus: 1)
    small[0].install(small.guest(0).context(3), at: here)
    #expect(small[0].observeContext(of: PCPU(0)).isLive)
    small[0].leaveGuest(at: here)
    #expect(!small[0].observeContext(of: PCPU(0)).isLive)
    #expect(small[0].translate(1, at: here).outcome == .fill, "the hardware can still fill")
    small[0].clearContext(at: here)
    #expect(small[0].translate(1, at: here).outcome == .fault)
  }

  @Test func `an entry knows the vCPU that it was made for`() {
    let small = SmallHardware(pcpus: 1)
    let guest = small.guest(0)
    for vcpu in [UInt32(2), 5] {
      small[0].install(
        GuestContext(
          table: guest.table, tag: Tag(3), slot: guest.slot, owner: guest.owner, vcpu: vcpu),
        at: here)
      #expect(small[0].translate(1, at: here).vcpu == 2)
    }
  }

  @Test func `hardware with few bits takes two tags for one`() {
    let hardware = LiveHardware(
      pcpuCount: 1, tagBits: 4, hardwareTagBits: 2, seed: Seed(1), watcher: KeepingWatcher())
    let m = hardware.machine(PCPU(0))
    let table = hardware.memory.words(
      4, initially: TableEntry(frame: 9, version: 1, isValid: true).bits, .packed, named: "table")
    for (tag, owner) in [(UInt64(1), VMIdentity(10)), (5, 11)] {
      m.install(
        GuestContext(table: table, tag: Tag(tag), slot: VMSlot(0), owner: owner), at: here)
      let translation = m.translate(0, at: here)
      #expect(translation.owner == 10, "tag \(tag)")
      #expect(m.observeContext(of: PCPU(0)).tag == Tag(1))
    }
  }

  @Test func `a pCPU that comes back online has an empty TLB`() {
    let small = SmallHardware(pcpus: 2)
    small[1].install(small.guest(0).context(3), at: here)
    small[1].touch(0..<4)
    small[1].setOnline(false, at: here)
    #expect(small[0].onlinePCPUs(at: here) == PCPUSet(PCPU(0)))
    small[1].setOnline(true, at: here)
    #expect(small[0].onlinePCPUs(at: here) == PCPUSet(first: 2))
    #expect(small[1].translate(0, at: here).outcome == .fill)
  }
}
