// Pauses: as often as the plan says, at operations that the seed decides.

import Domain
import Testing

@testable import Machines

@Suite("Pauses of the instrumented machine") struct InstrumentsTests {
  /// Short pauses only.
  private static let plan = PausePlan(period: 16, rarePerMille: 0, longPerMille: 0)

  /// The operations before which a pCPU paused, counted from 1.
  private func pauses(
    _ plan: PausePlan = plan, seed: UInt64, pcpu: Int = 0, operations: Int = 4000
  ) -> [Int] {
    let hardware = LiveHardware(
      pcpuCount: 2, tagBits: 4, pauses: plan, seed: Seed(seed), watcher: KeepingWatcher())
    let m = hardware.instrumentedMachine(PCPU(pcpu))
    let word = hardware.memory.word(initially: 0, named: "word")
    var before: UInt64 = 0
    return (1...operations).filter { _ in
      _ = m.load(word, .relaxed, at: here)
      let now = hardware.count(.pauses, of: PCPU(pcpu))
      defer { before = now }
      return now != before
    }
  }

  @Test func `same seed, same pauses`() {
    #expect(pauses(seed: 1) == pauses(seed: 1))
  }

  @Test func `another seed or another pCPU pauses elsewhere`() {
    #expect(pauses(seed: 1) != pauses(seed: 2))
    #expect(pauses(seed: 1, pcpu: 0) != pauses(seed: 1, pcpu: 1))
  }

  @Test func `the distance is 1 to 2 periods less 1, and one period on average`() {
    let pauses = pauses(seed: 3, operations: 32_000)
    let distances = zip(pauses, [0] + pauses).map { $0 - $1 }
    #expect(Set(distances) == Set(1...31))
    let mean = Double(distances.reduce(0, +)) / Double(distances.count)
    // 2,000 distances, each with a standard deviation of 9.
    #expect(abs(mean - 16) < 1)
  }

  @Test func `all classes of pauses come back`() {
    for plan in [
      PausePlan(period: 4, rarePerMille: 1000, longPerMille: 0),
      PausePlan(period: 4, rarePerMille: 0, longPerMille: 1000), .light, .heavy,
    ] {
      #expect(!pauses(plan, seed: 4, operations: plan.period < 10 ? 40 : 10_000).isEmpty)
    }
  }

  @Test func `the bare machine neither pauses nor records`() {
    let hardware = LiveHardware(
      pcpuCount: 1, tagBits: 4, pauses: Self.plan, seed: Seed(1), watcher: KeepingWatcher())
    let word = hardware.memory.word(initially: 0, named: "word")
    for _ in 0..<1000 { _ = hardware.machine(PCPU(0)).load(word, .relaxed, at: here) }
    #expect(hardware.count(.pauses, of: PCPU(0)) == 0)
    #expect(hardware.lastOperations(of: PCPU(0)).isEmpty)
  }
}
