// The test double: what it writes down.

import Domain
import Machines
import TestSupport
import Testing

@Suite("The recording machine") struct RecordingMachineTests {
  private let hardware = RecordingHardware(pcpuCount: 2)

  private var texts: [String] { hardware.steps.map(\.description) }

  @Test func `an operation is recorded with its place, its order and its values`() {
    let words = hardware.memory.words(2, initially: 4, .ownLine, named: "word")
    let m = hardware.machine(1)
    _ = m.load(words[0], .acquire, at: Site(1))
    m.store(words[1], 5, .release, at: Site(2))
    _ = m.exchange(words[1], 6, .fullyOrdered, at: Site(3))
    _ = m.add(words[1], 7, .relaxed, at: Site(4))
    _ = m.or(words[1], 2, .acquireRelease, at: Site(5))
    _ = m.compareExchange(
      words[1], expected: 15, desired: 1, .sequentiallyConsistent, failure: .acquire, at: Site(6))
    m.fence(.storeStore, at: Site(7))
    #expect(
      texts == [
        "pCPU 1: load word[0] acquire -> 4 at site 1",
        "pCPU 1: store word[1] release (5) at site 2",
        "pCPU 1: exchange word[1] fullyOrdered (6) -> 5 at site 3",
        "pCPU 1: add word[1] relaxed (7) -> 13 at site 4",
        "pCPU 1: or word[1] acquireRelease (2) -> 13 at site 5",
        "pCPU 1: compareExchange word[1] sequentiallyConsistent or else acquire (15, 1) -> 15 "
          + "at site 6",
        "pCPU 1: fence storeStore at site 7",
      ])
  }

  @Test func `a step is a value`() {
    let m = hardware.machine(0)
    let cell = hardware.memory.cell(initially: 3, named: "cell")
    _ = m.read(cell)
    #expect(
      hardware.steps == [
        RecordedStep(
          pcpu: PCPU(0), kind: .read, site: nil, object: RecordedObject("cell"), output: 3)
      ])
  }

  @Test func `the pCPUs share memory and log`() {
    let word = hardware.memory.word(initially: 0, named: "word")
    hardware.machine(0).store(word, 9, .relaxed, at: Site(1))
    #expect(hardware.machine(1).load(word, .relaxed, at: Site(2)) == 9)
    #expect(hardware.steps.map(\.pcpu) == [PCPU(0), PCPU(1)])
  }

  @Test func `places of one name are numbered in the order in which they were made`() {
    _ = hardware.memory.word(initially: 1, named: "id")
    _ = hardware.memory.words(2, initially: 2, .packed, named: "id")
    _ = hardware.memory.word(initially: 3, named: "id")
    #expect(hardware.memory.values(of: "id") == [1, 2, 2, 3])
    #expect(hardware.memory.value(of: "id", 3) == 3)
    #expect(hardware.memory.value(of: "id", 4) == nil)
    #expect(hardware.memory.value(of: "nothing") == nil)
  }

  @Test func `memory can be kept and put back`() {
    let word = hardware.memory.word(initially: 1, named: "word")
    let kept = hardware.memory.values
    hardware.machine(0).store(word, 2, .relaxed, at: here)
    hardware.memory.values = kept
    #expect(hardware.machine(0).load(word, .relaxed, at: here) == 1)
  }

  @Test func `invalidations are pending until they are waited for`() {
    let m = hardware.machine(0)
    m.invalidate(.everything, on: .everyPCPU, at: Site(1))
    m.invalidate(.page(Tag(3), page: 7), on: .everyPCPU, at: Site(2))
    m.invalidate(.tag(Tag(3)), on: .thisPCPU, at: Site(3))
    hardware.machine(1).waitForInvalidations(at: Site(4))
    #expect(hardware.pendingInvalidations[0] == [.everything, .page(Tag(3), page: 7)])
    #expect(m.observeFlushes() == 0)
    m.waitForInvalidations(at: Site(5))
    #expect(hardware.pendingInvalidations[0].isEmpty)
    #expect(m.observeFlushes() == 1)
    #expect(
      texts.prefix(3) == [
        "pCPU 0: invalidate everything on everyPCPU at site 1",
        "pCPU 0: invalidate page 7 of tag 3 on everyPCPU at site 2",
        "pCPU 0: invalidate tag 3 on thisPCPU at site 3",
      ])
  }

  @Test func `every translation is a walk of the installed table`() {
    let table = hardware.memory.words(2, initially: 0, .packed, named: "table")
    let m = hardware.machine(0)
    m.store(
      table[1], TableEntry(frame: 1, version: 6, isValid: true).bits, .relaxed, at: here)
    #expect(m.translate(1, at: here).outcome == .fault)
    m.install(GuestContext(table: table, tag: Tag(3), slot: VMSlot(2), owner: 9), at: here)
    for _ in 0..<2 {
      let translation = m.translate(1, at: here)
      #expect(translation.outcome == .fill)
      #expect(translation.owner == 9)
      #expect(translation.version == 6)
      #expect(translation.alsoUnderThisTag == 0)
    }
    #expect(m.translate(0, at: here).outcome == .fault)
  }

  @Test func `a context is published while it is installed`() {
    let table = hardware.memory.words(1, initially: 0, .packed, named: "table")
    let m = hardware.machine(0)
    m.install(GuestContext(table: table, tag: Tag(3), slot: VMSlot(2), owner: 9), at: here)
    let seen = hardware.machine(1).observeContext(of: PCPU(0))
    #expect(seen.isLive)
    #expect(seen.slot == VMSlot(2))
    #expect(seen.tag == Tag(3))
    m.clearContext(at: here)
    #expect(!hardware.machine(1).observeContext(of: PCPU(0)).isLive)
  }

  @Test func `a rollover's end records the live tags that are kept`() {
    let table = hardware.memory.words(1, initially: 0, .packed, named: "table")
    for pcpu in 0..<2 {
      hardware.machine(pcpu).install(
        GuestContext(table: table, tag: Tag(UInt64(3 + pcpu)), slot: VMSlot(pcpu), owner: 9),
        at: here)
    }
    hardware.machine(0).rolloverBegins()
    hardware.machine(0).rolloverEnds { $0 == Tag(4) }
    #expect(hardware.steps.suffix(2).map(\.kind) == [.rolloverBegins, .rolloverEnds])
    #expect(hardware.steps.last?.input == [4])
  }

  @Test func `notes are counted whether or not they are recorded`() {
    hardware.machine(0).note(.wakes)
    hardware.isRecording = false
    hardware.machine(1).note(.wakes, times: 2)
    #expect(hardware.counts[.wakes] == 3)
    #expect(texts == ["pCPU 0: note wakes (1)"])
  }

  @Test func `a part of a run can be recorded by itself`() {
    let word = hardware.memory.word(initially: 0, named: "word")
    hardware.machine(0).store(word, 1, .relaxed, at: Site(1))
    let part = hardware.record { hardware.machine(1).store(word, 2, .relaxed, at: Site(2)) }
    #expect(part.map(\.site) == [Site(2)])
    #expect(hardware.steps.map(\.site) == [Site(1)])
  }

  @Test func `another pCPU can be let in before an operation, once`() {
    let word = hardware.memory.word(initially: 0, named: "word")
    hardware.interrupt(before: Site(5)) {
      _ = hardware.machine(1).exchange(word, 8, .relaxed, at: Site(5))
    }
    #expect(hardware.machine(0).load(word, .relaxed, at: Site(4)) == 0)
    #expect(hardware.machine(0).load(word, .relaxed, at: Site(5)) == 8)
    hardware.machine(0).store(word, 1, .relaxed, at: Site(4))
    #expect(hardware.machine(0).load(word, .relaxed, at: Site(5)) == 1)
  }
}
