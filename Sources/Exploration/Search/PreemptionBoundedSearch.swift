// All schedules with at most so many preemptions, fewest first at every point (Musuvathi and
// Qadeer, PLDI 2007). Sleep sets would be wrong here: the schedule that justified a sleep may cost
// more than the bound allows. Happens-before caching loses nothing.

import Domain

/// Depth-first search under a preemption bound. A preemption is a step of anybody else, hardware
/// included, while the pCPU that ran last could have gone on.
public final class PreemptionBoundedSearch: Search {
  /// The most preemptions of a schedule.
  public let bound: Int
  private let cache: HappensBeforeCache?
  private var stack: [Node] = []
  private var depth = 0
  private var used = 0
  /// Whether the bound has kept anything out.
  public private(set) var boundWasReached = false

  private struct Node {
    /// Agents that may go, or values of a workload's choice.
    var options: AgentSet
    /// The one that costs nothing, or -1 if all are free.
    var free: Int
    var tried: AgentSet
    var choice: Int
    /// Preemptions before this node.
    var used: Int

    func cost(_ option: Int) -> Int { free >= 0 && option != free ? 1 : 0 }
  }

  /// A search with at most `bound` preemptions.
  ///
  /// - Parameters:
  ///   - caches: whether states that were reached before are given up.
  ///   - cacheCapacity: how many states are remembered, 24 bytes each.
  public init(
    bound: Int, caches: Bool = true, cacheCapacity: Int = 1 << 20,
    traceCapacity: Int = 1 << 20
  ) {
    self.bound = bound
    cache = caches ? HappensBeforeCache(capacity: cacheCapacity) : nil
    super.init(traceCapacity: traceCapacity)
    stack.reserveCapacity(Engine.defaultStepLimit)
  }

  public override var name: String { "dfs" }
  public override var wantsEveryStep: Bool { cache != nil }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    depth = 0
    used = 0
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    let isKnown = depth < stack.count
    if !isKnown, let cache {
      let last = point.enabled.contains(point.last) ? UInt64(point.last) + 1 : 0
      if cache.hasBeenSeen(point.fingerprint, salt: last, used: used) { return Strategy.abandon }
    }
    if point.enabled.count == 1 { return point.enabled.first }
    return choose(
      from: point.enabled, free: point.enabled.contains(point.last) ? point.last : -1)
  }

  public override func chooseValue(below count: Int) -> Int {
    choose(from: AgentSet(bits: (1 &<< UInt64(count)) &- 1), free: -1)
  }

  /// What the stack says, or the first option of a new node.
  private func choose(from options: AgentSet, free: Int) -> Int {
    if depth == stack.count {
      let first = free >= 0 ? free : options.first
      var tried = AgentSet(bits: 0)
      tried.insert(first)
      stack.append(Node(options: options, free: free, tried: tried, choice: first, used: used))
    }
    let node = stack[depth]
    if node.options != options {
      isNondeterministic = true
      return options.first
    }
    depth += 1
    used = node.used + node.cost(node.choice)
    return node.choice
  }

  override func hasBeenReached(_ end: ExecutionEnd) -> Bool {
    cache?.hasBeenSeen(end.fingerprint, salt: 0, used: used) ?? false
  }

  /// The next option of the deepest node that has one within the bound.
  public override func advance(_ engine: Engine) -> Bool {
    if isNondeterministic { return false }
    while var node = stack.popLast() {
      var rest = AgentSet(bits: node.options.bits & ~node.tried.bits)
      while !rest.isEmpty {
        let option = rest.first
        rest.remove(option)
        if node.used + node.cost(option) > bound {
          boundWasReached = true
          continue
        }
        node.tried.insert(option)
        node.choice = option
        stack.append(node)
        return true
      }
    }
    return false
  }
}
