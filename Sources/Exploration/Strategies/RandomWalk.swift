// Uniform random: whoever can go is equally likely to.

import Domain

/// Draws the next agent evenly from those that can go.
public final class RandomWalk: Strategy {
  private var random = RandomStream(Seed(0))

  public override var name: String { "random" }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    point.enabled.drawn(by: random.next() &>> 32)
  }

  public override func chooseValue(below count: Int) -> Int {
    Int(random.below(UInt64(count)))
  }
}
