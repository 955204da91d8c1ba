// Partial order sampling: Yuan, Yang and Gu, "Partial order aware concurrency sampling", CAV 2018.

import Domain

/// Gives every pending event a random priority and takes the highest; what races with the event
/// taken gets another one.
///
/// Without races, every linear extension is then about as likely as its partial order needs; where
/// everything races, this is the uniform walk.
public final class POS: Strategy {
  private var random = RandomStream(Seed(0))
  private var priorities = InlineArray<32, UInt64>(repeating: 0)

  public override var name: String { "pos" }

  /// An agent that goes because nobody else can has a new event afterwards, too; its priority must
  /// not be that of the old one.
  public override var wantsEveryStep: Bool { true }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
    for agent in 0..<shape.agentCount { priorities[agent] = random.next() }
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    let enabled = point.enabled
    var next = enabled.first
    var rest = enabled.bits & (enabled.bits &- 1)
    while rest != 0 {
      let agent = rest.trailingZeroBitCount
      if priorities[agent] > priorities[next] { next = agent }
      rest &= rest &- 1
    }
    // What is pending does not change until the event is taken, so the new priorities can be drawn
    // now: for those that race with it, and for the event that `next` will come to.
    rest = enabled.bits & ~(1 &<< UInt64(truncatingIfNeeded: next))
    while rest != 0 {
      let agent = rest.trailingZeroBitCount
      if point.race(next, agent) { priorities[agent] = random.next() }
      rest &= rest &- 1
    }
    priorities[next] = random.next()
    return next
  }

  public override func chooseValue(below count: Int) -> Int {
    Int(random.below(UInt64(count)))
  }
}
