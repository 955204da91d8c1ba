// Probabilistic concurrency testing: Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized
// scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010.

import Domain

/// Runs whoever has the highest priority; lowers a priority at a few decisions, drawn beforehand.
///
/// Only decisions count: steps at which at least two agents could go. Hardware agents have
/// priorities like pCPUs.
///
/// The lowering rule: at a change point, the agent that would go is lowered *before* it goes, and
/// the highest of the rest goes instead. The i-th change point drawn, not the i-th in time, lowers
/// to the i-th highest of the priorities below all initial ones; so agents that were lowered
/// earlier may end up below or above those that were lowered later, as the paper's proof needs it.
///
/// Nobody has to yield: who waits can't be chosen.
public final class PCT: Strategy {
  /// The largest depth.
  public static let greatestDepth = 16

  /// One more than the number of change points: bugs so deep are hit with a known probability.
  public let depth: Int
  /// Decisions among which the change points are drawn: k. Never adapted, so that an execution does
  /// not depend on which ones ran before it.
  public let steps: Int
  /// Agents that take part: n.
  public let agents: Int

  private var random = RandomStream(Seed(0))
  private var priorities = InlineArray<32, Int>(repeating: 0)
  private var changes = InlineArray<16, Int>(repeating: 0)
  private let changeCount: Int
  private var decision = 0

  /// PCT of `depth`, for executions of at most `steps` decisions with `agents` agents; the latter
  /// matters for the bound only.
  public init(depth: Int, steps: Int, agents: Int) {
    precondition((1...Self.greatestDepth).contains(depth), "PCT has a depth of 1 to 16")
    self.depth = depth
    self.steps = max(steps, 1)
    self.agents = max(agents, 1)
    changeCount = min(depth - 1, self.steps)
  }

  public override var name: String { "pct" }

  /// The probability with which one execution, of at most `steps` decisions, hits a bug of the
  /// depth at least: 1 / (n k^(d-1)).
  public var probabilityBound: Double {
    (1..<depth).reduce(1 / Double(agents)) { bound, _ in bound / Double(steps) }
  }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
    decision = 0
    // A random order of all agents, by insertion. The priorities below `changeCount` stay free.
    for agent in 0..<shape.agentCount {
      let place = Int(random.below(UInt64(agent + 1)))
      priorities[agent] = priorities[place]
      priorities[place] = changeCount &+ agent
    }
    for index in 0..<changeCount { changes[index] = freshChange(after: index) }
  }

  /// A decision that is none of the first `count` change points.
  private func freshChange(after count: Int) -> Int {
    while true {
      let change = Int(random.below(UInt64(steps))) &+ 1
      var isFresh = true
      for index in 0..<count where changes[index] == change { isFresh = false }
      if isFresh { return change }
    }
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    decision &+= 1
    let highest = highest(of: point.enabled)
    for index in 0..<changeCount where changes[index] == decision {
      priorities[highest] = changeCount &- 1 &- index
      return self.highest(of: point.enabled)
    }
    return highest
  }

  @inline(__always)
  private func highest(of enabled: AgentSet) -> Int {
    var highest = enabled.first
    var rest = enabled.bits & (enabled.bits &- 1)
    while rest != 0 {
      let agent = rest.trailingZeroBitCount
      if priorities[agent] > priorities[highest] { highest = agent }
      rest &= rest &- 1
    }
    return highest
  }

  public override func chooseValue(below count: Int) -> Int {
    Int(random.below(UInt64(count)))
  }
}
