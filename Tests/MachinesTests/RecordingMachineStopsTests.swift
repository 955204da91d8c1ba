// Where the test double stops: nobody else runs, so what has to wait waits for ever. Each in a
// process of its own, which says why it ended.

import Domain
import Machines
import TestSupport
import Testing

@Suite("Where the recording machine stops") struct RecordingMachineStopsTests {
  private func lastWords(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test func `BUG is recorded and ends the run`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      RecordingHardware(pcpuCount: 3).machine(2).bug("no number", at: Site(25))
    }
    #expect(lastWords(result).contains("BUG; last: pCPU 2: bug no number at site 25"))
  }

  @Test func `a held lock cannot be waited for`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let hardware = RecordingHardware(pcpuCount: 2)
      let lock = hardware.memory.lock(named: "lock")
      hardware.machine(0).acquire(lock, at: Site(1))
      hardware.machine(1).acquire(lock, at: Site(1))
    }
    #expect(lastWords(result).contains("pCPU 1 cannot go on, it waits for ever: lock[0] is 1"))
  }

  @Test func `a condition that does not hold cannot be waited for`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let hardware = RecordingHardware(pcpuCount: 1)
      let word = hardware.memory.word(initially: 3, named: "word")
      _ = hardware.machine(0).wait(for: word, until: .atLeast(4), .acquire, at: Site(1))
    }
    #expect(lastWords(result).contains("it waits for ever: word[0] is 3"))
  }

  @Test func `a lock that another pCPU holds cannot be given back`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let hardware = RecordingHardware(pcpuCount: 2)
      let lock = hardware.memory.lock(named: "lock")
      hardware.machine(0).acquire(lock, at: Site(1))
      hardware.machine(1).release(lock, at: Site(2))
    }
    #expect(lastWords(result).contains("it gives back what it does not hold: 1"))
  }

  @Test func `a handle that went astray is no place`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let hardware = RecordingHardware(pcpuCount: 1)
      let word = hardware.memory.words(2, initially: 0, .ownLine, named: "word")[0]
      _ = hardware.machine(0).load(word.advanced(by: 1), .relaxed, at: Site(1))
    }
    #expect(lastWords(result).contains("place 1 holds no word and no cell"))
  }
}
