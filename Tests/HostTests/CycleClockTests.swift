// The clocks go on and never back.

import Host
import Testing

@Suite("Clocks") struct CycleClockTests {
  @Test func `cycles advance`() {
    let readings = (0..<1000).map { _ in CycleClock.cycles() }
    #expect(zip(readings, readings.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `nanoseconds never go back, and advance`() {
    let start = CycleClock.nanoseconds()
    var last = start
    while last == start {
      let now = CycleClock.nanoseconds()
      #expect(now >= last)
      last = now
    }
    #expect(last > start)
  }

  @Test func `a thread's time stands still while it sleeps, and goes on while it works`() {
    let before = CycleClock.threadNanoseconds()
    sleepThread(for: .milliseconds(50))
    let slept = CycleClock.threadNanoseconds()
    #expect(slept - before < 50_000_000)
    while CycleClock.threadNanoseconds() < slept + 1_000_000 { spinHint() }
  }

  @Test func `both tell of a sleep`() {
    let before = (CycleClock.cycles(), CycleClock.nanoseconds())
    sleepThread(for: .milliseconds(2))
    let after = (CycleClock.cycles(), CycleClock.nanoseconds())
    #expect(after.0 > before.0)
    #expect(after.1 > before.1)
  }

  @Test func `a hint and a yield come back`() {
    for _ in 0..<100 {
      spinHint()
      yieldCore()
    }
  }
}
