// What the operations on words and cells return: the same on every machine, under every ordering.

import Domain
import Machines
import TestSupport
import Testing

@Suite("Words and cells") struct WordTests {
  private static let updates: [UpdateOrder] = [
    .relaxed, .acquire, .release, .acquireRelease, .sequentiallyConsistent, .fullyOrdered,
  ]

  private func loadsAndStores<M: Machine>(_ m: M, _ memory: M.Memory) {
    let word = memory.word(initially: 5, named: "word")
    var value: UInt64 = 5
    for load in [LoadOrder.relaxed, .acquire, .sequentiallyConsistent] {
      for store in [StoreOrder.relaxed, .release, .sequentiallyConsistent] {
        #expect(m.load(word, load, at: here) == value)
        value += 1
        m.store(word, value, store, at: here)
        #expect(m.observe(word) == value)
      }
    }
  }

  private func updates<M: Machine>(_ m: M, _ memory: M.Memory) {
    for order in Self.updates {
      let word = memory.word(initially: 0b0101, named: "word")
      #expect(m.exchange(word, 0b0011, order, at: here) == 0b0101, "the value before")
      #expect(m.or(word, 0b0110, order, at: here) == 0b0011, "the value before")
      #expect(m.add(word, 1, order, at: here) == 0b1000, "the sum")
      #expect(m.add(word, 0 &- 9, order, at: here) == .max, "the sum wraps")
      #expect(m.observe(word) == .max)
    }
  }

  private func compareExchanges<M: Machine>(_ m: M, _ memory: M.Memory) {
    for order in Self.updates {
      for failure in [LoadOrder.relaxed, .acquire, .sequentiallyConsistent] {
        let word = memory.word(initially: 1, named: "word")
        let won = m.compareExchange(
          word, expected: 1, desired: 2, order, failure: failure, at: here)
        #expect(won == 1)
        #expect(m.observe(word) == 2)
        let lost = m.compareExchange(
          word, expected: 1, desired: 3, order, failure: failure, at: here)
        #expect(lost == 2, "the value seen, not the one expected")
        #expect(m.observe(word) == 2, "a lost exchange writes nothing")
      }
    }
  }

  private func placesAreApart<M: Machine>(_ m: M, _ memory: M.Memory) {
    let own = memory.words(3, initially: 1, .ownLine, named: "own")
    let packed = memory.words(3, initially: 2, .packed, named: "packed")
    let cells = memory.cells(3, initially: 3, named: "cells")
    for index in 0..<3 {
      m.store(own[index], UInt64(10 + index), .relaxed, at: here)
      m.store(packed[PCPU(index)], UInt64(20 + index), .relaxed, at: here)
      m.write(cells[index], UInt64(30 + index))
    }
    #expect((0..<3).map { m.observe(own[$0]) } == [10, 11, 12])
    #expect((0..<3).map { m.observe(packed[$0]) } == [20, 21, 22])
    #expect((0..<3).map { m.read(cells[$0]) } == [30, 31, 32])
    #expect(memory.fixed((1, 2, 3, 4, 5)).value.4 == 5)
  }

  private func runAll<M: Machine>(_ m: M, _ memory: M.Memory) {
    loadsAndStores(m, memory)
    updates(m, memory)
    compareExchanges(m, memory)
    placesAreApart(m, memory)
  }

  @Test func `the bare live machine answers as the protocol says`() {
    let small = SmallHardware()
    runAll(small[0], small.memory)
  }

  @Test func `the instrumented machine answers as the protocol says`() {
    let hardware = LiveHardware(
      pcpuCount: 1, tagBits: 4, pauses: .heavy, seed: Seed(1), watcher: KeepingWatcher())
    runAll(hardware.instrumentedMachine(PCPU(0)), hardware.memory)
  }

  @Test func `the recording machine answers as the protocol says`() {
    let hardware = RecordingHardware(pcpuCount: 1)
    runAll(hardware.machine(0), hardware.memory)
  }
}
