// How many schedules and how many traces small programs have: numbers that are known.

import Domain
import Exploration
import Machines
import Testing

/// Runs `search` to its end.
@discardableResult
func searched<S: Search>(_ search: S, _ program: ControlledProgram) -> S {
  let engine = Engine(program)
  let ended = search.run(on: engine) { _ in true }
  #expect(ended && search.isComplete && !search.traces.hasOverflowed)
  return search
}

@Suite("Known numbers of schedules and traces") struct SearchCountTests {
  /// Executions of unbounded search without and with reduction.
  @Test(
    "every interleaving, every trace",
    arguments: [
      ("writers 2", 2, 2), ("writers 3", 6, 6), ("writers 4", 24, 24), ("readers", 24, 8),
      ("independent", 24, 1), ("incr 2", 6, 4), ("incr 3", 90, 36), ("lastzero 2", 35, 5),
      ("lastzero 3", 920, 12),
    ])
  func interleavings(name: String, interleavings: Int, traces: Int) {
    let all = searched(PreemptionBoundedSearch(bound: 100, caches: false), toy(name))
    #expect(all.executions == interleavings)
    #expect(all.traces.count == traces)
    #expect(!all.boundWasReached)
  }

  @Test(
    "source-DPOR: executions and those given up",
    arguments: [
      ("writers 2", 2, 0), ("writers 3", 6, 0), ("writers 4", 24, 0), ("readers", 8, 0),
      ("independent", 1, 0), ("incr 2", 4, 0), ("incr 3", 36, 0), ("lastzero 2", 5, 0),
      ("lastzero 3", 12, 1), ("lastzero 4", 28, 7), ("lastzero 5", 64, 33),
      ("lastzero 6", 144, 131),
    ])
  func dpor(name: String, executions: Int, givenUp: Int) {
    let search = searched(SourceDPOR(), toy(name))
    #expect(search.executions == executions)
    #expect(search.traces.count == executions)
    #expect(search.givenUp == givenUp)
  }

  @Test(
    "preemption bound without caching",
    arguments: [
      ("readers", [24, 24, 24]), ("independent", [24, 24, 24]), ("incr 2", [2, 4, 6]),
      ("incr 3", [6, 24, 60]), ("lastzero 3", [24, 142, 451]),
    ])
  func plainBound(name: String, executions: [Int]) {
    for (bound, expected) in executions.enumerated() {
      let search = searched(PreemptionBoundedSearch(bound: bound, caches: false), toy(name))
      #expect(search.executions == expected, "\(name), bound \(bound)")
    }
  }

  @Test(
    "preemption bound with caching: executions and traces",
    arguments: [
      ("readers", [(8, 8), (8, 8), (8, 8)]), ("independent", [(1, 1), (1, 1), (1, 1)]),
      ("incr 2", [(2, 2), (4, 4), (5, 4)]), ("incr 3", [(6, 6), (24, 24), (45, 36)]),
      ("lastzero 3", [(12, 12), (22, 12), (27, 12)]),
    ])
  func cachedBound(name: String, counts: [(Int, Int)]) {
    for (bound, expected) in counts.enumerated() {
      let search = searched(PreemptionBoundedSearch(bound: bound), toy(name))
      #expect(search.executions == expected.0, "\(name), bound \(bound)")
      #expect(search.traces.count == expected.1, "\(name), bound \(bound)")
    }
  }

  @Test(
    "delay bound: executions and traces",
    arguments: [
      ("incr 2", [(1, 1), (3, 3), (5, 4), (6, 4)]),
      ("incr 3", [(1, 1), (5, 5), (15, 14), (30, 24)]),
      ("lastzero 3", [(1, 1), (6, 4), (22, 7), (59, 10)]),
    ])
  func delays(name: String, counts: [(Int, Int)]) {
    for (bound, expected) in counts.enumerated() {
      let search = searched(DelayBoundedSearch(bound: bound, caches: false), toy(name))
      #expect(search.executions == expected.0, "\(name), bound \(bound)")
      #expect(search.traces.count == expected.1, "\(name), bound \(bound)")
    }
  }

  @Test("the reference program has 29 and 8,395 executions")
  func reference() {
    let two = searched(SourceDPOR(), ReferenceProgram.program(hasPCPU1: false))
    #expect(two.executions == 29)
    #expect(two.traces.count == 29)
    let three = searched(SourceDPOR(), ReferenceProgram.program(hasPCPU1: true))
    #expect(three.executions == 8395)
    #expect(three.traces.count == 8395)
  }

  @Test("the reference program with a storing fast path is wrong")
  func faultyReference() {
    let search = SourceDPOR()
    let engine = Engine(ReferenceProgram.program(hasPCPU1: true, storesInFastPath: true))
    let ended = search.run(on: engine) { $0.outcome == .finished || $0.outcome == .abandoned }
    #expect(!ended)
  }

  private func toy(_ name: String) -> ControlledProgram {
    let parts = name.split(separator: " ")
    let count = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    switch parts[0] {
    case "writers": return Toys.writers(count)
    case "readers": return Toys.readers()
    case "independent": return Toys.independent()
    case "incr": return Toys.increments(count)
    default: return Toys.lastZero(count)
    }
  }
}
