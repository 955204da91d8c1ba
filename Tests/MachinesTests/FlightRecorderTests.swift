// The flight recorder: a pCPU's last 64 operations.

import Domain
import Testing

@testable import Machines

@Suite("The flight recorder") struct FlightRecorderTests {
  private let hardware = LiveHardware(
    pcpuCount: 2, tagBits: 4, pauses: .light, seed: Seed(1), watcher: KeepingWatcher())

  private var machine: InstrumentedLiveMachine { hardware.instrumentedMachine(PCPU(0)) }

  private func load(times: Int) {
    let word = hardware.memory.word(initially: 0, named: "word")
    for number in 1...times { _ = machine.load(word, .relaxed, at: Site(UInt16(number))) }
  }

  @Test func `it is empty at first, and for a pCPU that did nothing`() {
    #expect(hardware.lastOperations(of: PCPU(0)).isEmpty)
    load(times: 3)
    #expect(hardware.lastOperations(of: PCPU(1)).isEmpty)
  }

  @Test(arguments: [1, 63, 64, 65, 128, 1000])
  func `it holds the last 64 operations, oldest first`(_ times: Int) {
    load(times: times)
    let numbers = (max(1, times - 63)...times).map(UInt64.init)
    #expect(
      hardware.lastOperations(of: PCPU(0))
        == numbers.map {
          RecordedOperation(number: $0, kind: .load, site: Site(UInt16($0)))
        })
  }

  @Test func `it tells every kind of operation from the others`() {
    let m = machine
    let word = hardware.memory.word(initially: 0, named: "word")
    let lock = hardware.memory.lock(named: "lock")
    let table = hardware.memory.words(1, initially: 0, .packed, named: "table")
    _ = m.load(word, .relaxed, at: here)
    m.store(word, 0, .relaxed, at: here)
    _ = m.exchange(word, 0, .relaxed, at: here)
    _ = m.add(word, 0, .relaxed, at: here)
    _ = m.or(word, 0, .relaxed, at: here)
    _ = m.compareExchange(
      word, expected: 0, desired: 0, .relaxed, failure: .relaxed, at: here)
    m.fence(.full, at: here)
    m.acquire(lock, at: here)
    m.release(lock, at: here)
    m.invalidate(.everything, on: .everyPCPU, at: here)
    m.waitForInvalidations(at: here)
    m.install(GuestContext(table: table, tag: Tag(1), slot: VMSlot(0), owner: 1), at: here)
    m.leaveGuest(at: here)
    m.clearContext(at: here)
    m.call(PCPUSet(rawValue: 0), .leaveGuest, at: here)
    m.waitForCalls(at: here)
    _ = m.translate(0, at: here)
    m.speculate(0, at: here)
    m.writeBackCache(at: here)
    _ = m.firmware(.flushFabric, Tag(0), at: here)
    let kinds: [OperationKind] = [
      .load, .store, .exchange, .add, .or, .compareExchange, .fence, .acquire, .release,
      .invalidate, .waitForInvalidations, .install, .leaveGuest, .clearContext, .call,
      .waitForCalls,
      .translate, .speculate, .writeBackCache, .firmware,
    ]
    #expect(hardware.lastOperations(of: PCPU(0)).map(\.kind) == kinds)
    #expect(Set(kinds).union([.wait]) == Set(OperationKind.allCases))
  }

  @Test func `cells, interrupts and observations are no operations`() {
    let m = machine
    let cell = hardware.memory.cell(initially: 4, named: "cell")
    m.write(cell, m.read(cell) + 1)
    m.restoreInterrupts(m.maskInterrupts())
    m.disablePreemption()
    m.enablePreemption()
    m.note(.wakes)
    _ = m.observe(hardware.memory.word(initially: 0, named: "word"))
    _ = m.observeContext(of: PCPU(1))
    _ = m.observeFlushes()
    #expect(hardware.lastOperations(of: PCPU(0)).isEmpty)
  }

  /// Fails today: each look of the loop is recorded as a load, so that after 64 looks all that led
  /// to a stall is gone from its report.
  @Test(.disabled("a wait is recorded as one load for every look, never as a wait"))
  func `a wait is one operation and recorded as such`() {
    let word = hardware.memory.word(initially: 1, named: "word")
    _ = machine.wait(for: word, until: .equals(1), .acquire, at: here)
    #expect(
      hardware.lastOperations(of: PCPU(0))
        == [RecordedOperation(number: 1, kind: .wait, site: here)])
  }
}
