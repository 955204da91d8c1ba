// Locks, waiting and BUG() among real threads.

import Domain
import Host
import Machines
import Testing

@Suite("Waiting on a live machine") struct WaitingTests {
  private let small = SmallHardware(pcpus: 4)

  private func onThreads(_ count: Int, _ body: @escaping @Sendable (LiveMachine) -> Void) {
    let threads = (0..<count).map { pcpu in
      let machine = small[pcpu]
      return PinnedThread(name: "pCPU \(pcpu)", cpu: nil) { body(machine) }
    }
    threads.forEach { $0.join() }
  }

  /// Looks every now and then, for long enough for any host; whether `claim` came true.
  private func soon(_ claim: () -> Bool) -> Bool {
    for _ in 0..<60_000 {
      if claim() { return true }
      sleepThread(for: .milliseconds(1))
    }
    return false
  }

  @Test func `a lock lets one in at a time`() {
    let lock = small.memory.lock(named: "lock")
    let cell = small.memory.cell(initially: 0, named: "guarded")
    let rounds = 50_000
    onThreads(4) { m in
      for _ in 0..<rounds {
        m.acquire(lock, at: here)
        m.write(cell, m.read(cell) + 1)
        m.release(lock, at: here)
      }
    }
    #expect(small[0].read(cell) == UInt64(4 * rounds))
  }

  @Test func `a lock's word tells its holder`() {
    let lock = small.memory.lock(named: "lock")
    #expect(lock.word.value == 0)
    small[2].acquire(lock, at: here)
    #expect(lock.word.value == 3)
    small[2].release(lock, at: here)
    #expect(lock.word.value == 0)
  }

  @Test func `who waits for a lock says for which, and who holds it`() {
    let lock = small.memory.lock(named: "lock")
    small[2].acquire(lock, at: here)
    #expect(small.hardware.awaitedLock(of: PCPU(1)) == nil)
    let waiter = small[1]
    let thread = PinnedThread(name: "waiter", cpu: nil) { waiter.acquire(lock, at: Site(42)) }
    #expect(soon { small.hardware.awaitedLock(of: PCPU(1)) != nil })
    let awaited = small.hardware.awaitedLock(of: PCPU(1))
    #expect(awaited?.site == Site(42))
    #expect(awaited?.holder == PCPU(2))
    small[2].release(lock, at: here)
    thread.join()
    #expect(small.hardware.awaitedLock(of: PCPU(1)) == nil)
    #expect(lock.word.value == 2)
  }

  @Test(arguments: [WaitCondition.equals(3), .differs(0), .atLeast(2)])
  func `a wait ends with the first value that fulfils its condition`(_ condition: WaitCondition) {
    let word = small.memory.word(initially: 0, named: "awaited")
    let result = small.memory.word(initially: 0, named: "result")
    let small = small
    let thread = PinnedThread(name: "waiter", cpu: nil) {
      let value = small[1].wait(for: word, until: condition, .acquire, at: here)
      small[1].store(result, 1000 + value, .release, at: here)
    }
    small[0].store(word, 3, .release, at: here)
    thread.join()
    #expect(result.acquiredValue == 1003)
  }

  @Test func `a wait whose condition holds returns at once`() {
    let word = small.memory.word(initially: 7, named: "awaited")
    for condition in [WaitCondition.equals(7), .differs(8), .atLeast(7)] {
      #expect(small[0].wait(for: word, until: condition, .relaxed, at: here) == 7)
    }
  }

  @Test func `what was written before a store is seen after the wait for it`() {
    let word = small.memory.word(initially: 0, named: "round")
    let cell = small.memory.cell(initially: 0, named: "message")
    let wrong = small.memory.word(initially: 0, named: "wrong messages")
    let rounds: UInt64 = 2_000
    onThreads(2) { m in
      // pCPU 0 writes in even rounds, pCPU 1 reads in odd ones.
      for round in 0..<rounds {
        let turn = 2 * round + UInt64(m.pcpu.index)
        _ = m.wait(for: word, until: .equals(turn), .acquire, at: here)
        if m.pcpu.index == 0 {
          m.write(cell, round)
        } else if m.read(cell) != round {
          wrong.addAlone(1)
        }
        m.store(word, turn + 1, .release, at: here)
      }
    }
    #expect(wrong.value == 0)
  }

  @Test func `BUG is told to the watcher and goes no further`() {
    let passed = small.memory.word(initially: 0, named: "went further")
    let machine = small[3]
    PinnedThread(name: "bug", cpu: nil) {
      defer { passed.addAlone(1) }
      machine.bug("out of numbers", at: Site(25))
    }.abandon()
    #expect(soon { !small.watcher.bugs.isEmpty })
    #expect(
      small.watcher.bugs
        == [KeepingWatcher.Bug(message: "out of numbers", site: Site(25), pcpu: PCPU(3))])
    #expect(passed.value == 0)
  }
}
