// What a strategy does to a small program, counted over many executions.

import Domain
import Exploration
import Machines
import Testing

/// Executions of one program under one strategy, at a fixed seed.
struct Sampling {
  static let executions = 50_000

  let engine: Engine
  let strategy: Strategy

  init(_ program: ControlledProgram, _ strategy: Strategy) {
    engine = Engine(program)
    self.strategy = strategy
  }

  /// Calls `body` with who went at each step, and where to, of each execution.
  func forEach(_ body: ([TraceEvent]) -> Void) {
    let seed = Seed(0x5EED).child(strategy.name)
    var stream = RandomStream(seed)
    for _ in 0..<Self.executions {
      engine.run(strategy, Seed(stream.next()), records: true)
      body(engine.trace())
    }
  }

  /// The share of executions of which `claim` holds.
  func share(of claim: ([TraceEvent]) -> Bool) -> Double {
    var count = 0
    forEach { if claim($0) { count += 1 } }
    return Double(count) / Double(Self.executions)
  }

  /// How often each order of pCPUs occurs, of all steps or of those to the words in `range`.
  func orders(ofWordsIn range: Range<Int> = 0..<1000) -> [Double] {
    var counts: [Int: Int] = [:]
    forEach { trace in
      var key = 1
      for event in trace where range.contains(event.operation.object) {
        key = key * 4 + event.agent.number
      }
      counts[key, default: 0] += 1
    }
    return counts.values.map { Double($0) / Double(Self.executions) }
  }

  /// The standard deviation of a share whose expectation is `p`.
  static func sigma(_ p: Double) -> Double {
    (p * (1 - p) / Double(executions)).squareRoot()
  }

  /// Whether all of `count` orders occur and each is within four sigma of its equal share.
  static func areEven(_ orders: [Double], _ count: Int) -> Bool {
    let share = 1 / Double(count)
    return orders.count == count
      && orders.allSatisfy { abs($0 - share) <= 4 * sigma(share) }
  }
}

extension Toys {
  /// pCPU i stores `counts[i]` times; all into word 0, or each into a word of its own.
  static func stores(_ counts: [Int], sharing: Bool) -> ControlledProgram {
    program(
      words: counts.count,
      counts.enumerated().map { pcpu, count -> Body in
        { m, x in
          for _ in 0..<count {
            m.store(x[sharing ? 0 : pcpu], 1, .relaxed, at: Site(1))
          }
        }
      })
  }

  /// pCPU i stores into word 0 where `patterns[i]` has a D, else into a word of its own.
  static func patterns(_ patterns: [String]) -> ControlledProgram {
    program(
      words: patterns.count + 1,
      patterns.enumerated().map { pcpu, pattern -> Body in
        let isShared = pattern.map { $0 == "D" }
        return { m, x in
          for shared in isShared {
            m.store(x[shared ? 0 : pcpu + 1], 1, .relaxed, at: Site(1))
          }
        }
      })
  }
}
