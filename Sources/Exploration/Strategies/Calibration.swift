// What the strategies must know of a program beforehand, estimated by running it.

import Domain
import Machines

/// The size of a program's executions, estimated by uniform random walks.
///
/// A function of the program and the seed alone: whoever makes it gets the same one, and no
/// execution depends on which ones were run before it.
public struct Calibration: Equatable, Sendable {
  /// Executions from which it is estimated.
  public static let executions = 32

  /// Agents that could ever go: PCT's n.
  public let agents: Int
  /// The most decisions of an execution: PCT's k.
  public let decisions: Int
  /// Events of each pCPU, on average.
  public let events: [Int]
  /// Objects that more than one pCPU goes to and somebody writes, in ascending order.
  public let shared: [SharedObject]

  /// Runs the program of `engine`; its counts take these executions in.
  public init(_ engine: Engine, _ seed: Seed) {
    let seed = seed.child("calibration")
    let walk = RandomWalk()
    var whole = Tally(engine)
    var cut = Tally(engine)
    for index in 0..<Self.executions {
      let end = engine.run(walk, seed.child("\(index)"), records: true)
      // Executions that end early would make all others look shorter than they are.
      if end.outcome == .finished {
        whole.add(end, engine.trace())
      } else {
        cut.add(end, engine.trace())
      }
    }
    let tally = whole.executions > 0 ? whole : cut
    agents = AgentSet(bits: whole.agents.bits | cut.agents.bits).count
    decisions = max(whole.decisions, cut.decisions)
    events = tally.events.map(tally.average)
    shared = tally.shared()
  }
}

/// Sums over executions.
private struct Tally {
  var executions = 0
  var agents = AgentSet(bits: 0)
  var decisions = 0
  var events: [Int]
  /// Events by object and pCPU; the two objects beyond all words stand at the end.
  private var eventsOfObject: [[Int]]
  private var isWritten: [Bool]
  private let words: Int

  init(_ engine: Engine) {
    words = engine.objects.words
    events = Array(repeating: 0, count: engine.shape.pcpuCount)
    eventsOfObject = Array(repeating: events, count: words + 2)
    isWritten = Array(repeating: false, count: words + 2)
  }

  mutating func add(_ end: ExecutionEnd, _ trace: [TraceEvent]) {
    executions += 1
    decisions = max(decisions, end.decisions)
    for event in trace {
      agents.bits |= event.enabled.bits
      let agent = event.agent.number
      guard agent < events.count else { continue }
      events[agent] += 1
      let object = SharedObject.object(of: event.operation)
      guard object >= 0 else { continue }
      let place = object < words ? object : words + object - SharedObject.guests
      eventsOfObject[place][agent] += 1
      if event.operation.kind.mayWrite { isWritten[place] = true }
    }
  }

  /// The average, rounded; what happens at all happens at least once.
  func average(_ sum: Int) -> Int {
    sum == 0 ? 0 : max(1, (sum + executions / 2) / executions)
  }

  func shared() -> [SharedObject] {
    eventsOfObject.indices.compactMap { place in
      let sums = eventsOfObject[place]
      guard isWritten[place], sums.count(where: { $0 > 0 }) > 1 else { return nil }
      return SharedObject(
        object: place < words ? place : SharedObject.guests + place - words,
        events: sums.map(average))
    }
  }
}
