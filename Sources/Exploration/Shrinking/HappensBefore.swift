// Which steps of an execution must come before which: the order inside an agent, and the order of
// steps that touch the same object, one of them writing.

/// The happens-before relation of a recorded execution, as vector clocks over its agents.
struct HappensBefore {
  /// For each agent, how many of its steps.
  typealias Clock = SIMD32<UInt16>

  /// Per step: how many steps of each agent happen before it. Itself counts for its own agent.
  private(set) var clocks: [Clock] = []
  /// The steps of each agent.
  private(set) var stepsOfAgent: [[Int]] = Array(repeating: [], count: Clock.scalarCount)
  let agents: [Int]

  /// Of steps by `agents`, which touch `touches`.
  init(agents: [Int], touches: [[Touch]]) {
    precondition(agents.count < Int(UInt16.max), "an execution of at most 65,534 steps")
    self.agents = agents
    var own = [Clock](repeating: Clock(repeating: 0), count: Clock.scalarCount)
    var written: [Int: Clock] = [:]
    var read: [Int: Clock] = [:]
    for (step, agent) in agents.enumerated() {
      var clock = own[agent]
      for touch in touches[step] {
        if let before = written[touch.object] { clock = pointwiseMax(clock, before) }
        if touch.writes, let before = read[touch.object] { clock = pointwiseMax(clock, before) }
      }
      clock[agent] += 1
      for touch in touches[step] {
        if touch.writes {
          written[touch.object] = clock
          read[touch.object] = nil
        } else {
          read[touch.object] = pointwiseMax(read[touch.object] ?? clock, clock)
        }
      }
      own[agent] = clock
      clocks.append(clock)
      stepsOfAgent[agent].append(step)
    }
  }

  /// What must have happened before `step` can.
  func needs(_ step: Int) -> Clock {
    var clock = clocks[step]
    clock[agents[step]] -= 1
    return clock
  }

  /// The steps that happen before one of `ends`, those included, in their order.
  func past(of ends: [Int]) -> [Int] {
    let horizon = ends.reduce(Clock(repeating: 0)) { pointwiseMax($0, clocks[$1]) }
    return agents.indices.filter { clocks[$0][agents[$0]] <= horizon[agents[$0]] }
  }
}
