// O9: looks without progress, and the share of the fast path.

import Domain
import Oracles
import Testing

@Suite("O9: progress") struct ProgressOracleTests {
  @Test func `a pCPU is stalled after as many looks without progress as patience has`() {
    var oracle = ProgressOracle(pcpuCount: 1, patience: 3)
    let stalled = [5, 5, 5, 5, 5].map { oracle.look([$0]) == [PCPU(0)] }
    #expect(stalled == [false, false, false, true, true])
  }

  @Test func `any progress starts the count anew`() {
    var oracle = ProgressOracle(pcpuCount: 1, patience: 3)
    let stalled = [5, 5, 5, 6, 6, 6, 6].map { !oracle.look([$0]).isEmpty }
    #expect(stalled == [false, false, false, false, false, false, true])
  }

  @Test func `a pCPU that never began is stalled, too`() {
    var oracle = ProgressOracle(pcpuCount: 1, patience: 3)
    let stalled = [0, 0, 0].map { !oracle.look([$0]).isEmpty }
    #expect(stalled == [false, false, true])
  }

  @Test func `each pCPU is judged by itself`() {
    var oracle = ProgressOracle(pcpuCount: 4, patience: 2)
    _ = oracle.look([1, 1, 1, 1])
    _ = oracle.look([2, 1, 2, 1])
    #expect(oracle.look([3, 1, 2, 1]) == [PCPU(1), PCPU(3)])
    #expect(oracle.look([4, 1, 2, 2]) == [PCPU(1), PCPU(2)])
  }

  @Test func `a counter that wraps is progress`() {
    var oracle = ProgressOracle(pcpuCount: 1, patience: 1)
    _ = oracle.look([.max])
    #expect(oracle.look([0]).isEmpty)
    #expect(oracle.look([0]) == [PCPU(0)])
  }

  private func counts(entries: UInt64, fast: UInt64) -> Counts {
    var counts = Counts()
    counts[.guestEntries] = entries
    counts[.fastPathEntries] = fast
    return counts
  }

  @Test func `the fast path is starved when its share is below the floor`() {
    #expect(ProgressOracle.fastPathIsStarved(counts(entries: 100_000, fast: 999), floor: 0.01))
    #expect(ProgressOracle.fastPathIsStarved(counts(entries: 10_000, fast: 0), floor: 0.01))
  }

  @Test func `at the floor and above it is not`() {
    #expect(!ProgressOracle.fastPathIsStarved(counts(entries: 100_000, fast: 1000), floor: 0.01))
    #expect(!ProgressOracle.fastPathIsStarved(counts(entries: 10_000, fast: 10_000), floor: 0.01))
    #expect(!ProgressOracle.fastPathIsStarved(counts(entries: 100_000, fast: 0), floor: 0))
  }

  @Test func `few entries say nothing`() {
    #expect(!ProgressOracle.fastPathIsStarved(counts(entries: 9_999, fast: 0), floor: 0.01))
    #expect(!ProgressOracle.fastPathIsStarved(counts(entries: 0, fast: 0), floor: 0.01))
  }

  private func counts(idle: UInt64, kept: UInt64) -> Counts {
    var counts = Counts()
    counts[.idleAtRollover] = idle
    counts[.keptForIdle] = kept
    return counts
  }

  @Test func `numbers kept for more than half of the idle pCPUs are worth reading`() {
    #expect(ProgressOracle.idlePCPUsHoldNumbers(counts(idle: 1000, kept: 501)))
    #expect(!ProgressOracle.idlePCPUsHoldNumbers(counts(idle: 1000, kept: 500)))
    #expect(!ProgressOracle.idlePCPUsHoldNumbers(counts(idle: 999, kept: 999)))
    #expect(!ProgressOracle.idlePCPUsHoldNumbers(counts(idle: 0, kept: 0)))
  }
}
