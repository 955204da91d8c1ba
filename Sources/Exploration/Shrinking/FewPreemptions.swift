// Executions with few preemptions, drawn at random: where taking away pieces of one execution gets
// stuck, another execution of the smaller program may do.

import Domain

/// Lets each pCPU run on, except at a few drawn places.
final class FewPreemptions: Strategy {
  private let limit: Int
  /// The places are drawn from so many decisions.
  private let horizon: Int
  private var random = RandomStream(Seed(0))
  private var places: [Int] = []

  /// With at most `limit` preemptions among the first `horizon` decisions.
  init(limit: Int, horizon: Int) {
    self.limit = limit
    self.horizon = max(horizon, 1)
    places.reserveCapacity(limit)
  }

  override var name: String { "few-preemptions" }

  override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
    places.removeAll(keepingCapacity: true)
    for _ in 0..<limit { places.append(Int(random.below(UInt64(horizon)))) }
  }

  override func choose(_ point: DecisionPoint) -> Int {
    var others = point.enabled
    if others.contains(point.last) {
      if !places.contains(point.decision) { return point.last }
      others.remove(point.last)
    }
    if others.isEmpty { return point.last }
    return others.member(Int(random.below(UInt64(others.count))))
  }

  override func chooseValue(below count: Int) -> Int { Int(random.below(UInt64(count))) }
}
