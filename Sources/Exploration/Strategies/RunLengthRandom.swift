// Uniform random, but in runs: what needs a pCPU to go far while another one stands still is hardly
// ever met by a walk that switches at every second step.

import Domain

/// Draws an agent evenly and a run length from 1, 2, 4, ... 256 evenly; the agent goes on for so
/// many steps, or until it can't.
public final class RunLengthRandom: Strategy {
  /// The longest run is 2 to the power of this.
  public static let longestExponent = 8

  private var random = RandomStream(Seed(0))
  private var runner = -1
  private var left = 0

  public override var name: String { "runs" }

  /// A run ends also where somebody else is the only one that can go.
  public override var wantsEveryStep: Bool { true }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
    left = 0
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    if left == 0 || !point.enabled.contains(runner) {
      runner = point.enabled.member(Int(random.below(UInt64(point.enabled.count))))
      left = 1 &<< Int(random.below(UInt64(Self.longestExponent + 1)))
    }
    left &-= 1
    return runner
  }

  public override func chooseValue(below count: Int) -> Int {
    Int(random.below(UInt64(count)))
  }
}
