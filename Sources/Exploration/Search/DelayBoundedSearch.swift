// All schedules with at most so many delays (Emmi, Qadeer and Rakamaric, POPL 2011): a round-robin
// scheduler always runs the first in its list that can go; a delay puts that one at the end of the
// list once. The number of schedules hardly depends on the number of pCPUs.

import Domain

/// Depth-first search under a delay bound.
public final class DelayBoundedSearch: Search {
  /// The most delays of a schedule.
  public let bound: Int
  private let cache: HappensBeforeCache?
  private var stack: [Node] = []
  private var depth = 0
  private var used = 0
  /// Agents in the order in which they are asked.
  private var list: [Int] = []
  private var agentCount = 0
  /// Whether the bound has kept anything out.
  public private(set) var boundWasReached = false

  private struct Node {
    /// How often the first is put back, 0 ... `most`; or values of a workload's choice.
    var choice: Int
    var most: Int
    /// Delays before this node; a choice of the workload costs none.
    var used: Int
    var isFree: Bool
  }

  /// A search with at most `bound` delays.
  public init(
    bound: Int, caches: Bool = true, cacheCapacity: Int = 1 << 20,
    traceCapacity: Int = 1 << 20
  ) {
    self.bound = bound
    cache = caches ? HappensBeforeCache(capacity: cacheCapacity) : nil
    super.init(traceCapacity: traceCapacity)
    stack.reserveCapacity(Engine.defaultStepLimit)
  }

  public override var name: String { "delay" }
  public override var wantsEveryStep: Bool { cache != nil }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    depth = 0
    used = 0
    if agentCount != shape.agentCount {
      agentCount = shape.agentCount
      list = Array(0..<agentCount)
    }
    for agent in 0..<agentCount { list[agent] = agent }
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    if depth == stack.count, let cache {
      var salt: UInt64 = 0
      for agent in list { salt = salt &* 33 &+ UInt64(agent) }
      if cache.hasBeenSeen(point.fingerprint, salt: salt, used: used) { return Strategy.abandon }
    }
    let count = point.enabled.count
    if count == 1 { return point.enabled.first }
    let delays = choose(most: count - 1, isFree: false)
    for _ in 0..<delays { putBack(firstEnabled(point.enabled)) }
    return list[firstEnabled(point.enabled)]
  }

  public override func chooseValue(below count: Int) -> Int {
    choose(most: count - 1, isFree: true)
  }

  private func choose(most: Int, isFree: Bool) -> Int {
    if depth == stack.count {
      stack.append(Node(choice: 0, most: most, used: used, isFree: isFree))
    }
    let node = stack[depth]
    if node.most != most || node.isFree != isFree {
      isNondeterministic = true
      return 0
    }
    depth += 1
    used = node.used + (node.isFree ? 0 : node.choice)
    return node.choice
  }

  private func firstEnabled(_ enabled: AgentSet) -> Int {
    var position = 0
    while !enabled.contains(list[position]) { position += 1 }
    return position
  }

  private func putBack(_ position: Int) {
    let agent = list[position]
    for place in position..<(agentCount - 1) { list[place] = list[place + 1] }
    list[agentCount - 1] = agent
  }

  override func hasBeenReached(_ end: ExecutionEnd) -> Bool {
    cache?.hasBeenSeen(end.fingerprint, salt: 0, used: used) ?? false
  }

  public override func advance(_ engine: Engine) -> Bool {
    if isNondeterministic { return false }
    while var node = stack.popLast() {
      if node.choice == node.most { continue }
      if !node.isFree, node.used + node.choice + 1 > bound {
        boundWasReached = true
        continue
      }
      node.choice += 1
      stack.append(node)
      return true
    }
    return false
  }
}
