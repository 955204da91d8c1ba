// Uniform random walk: every interleaving is equally likely, if the weights are right. Zhao, Wolff,
// Mathur and Roychoudhury, "Selectively uniform concurrency testing", ASPLOS 2025.

import Domain

/// Draws the next agent in proportion to the events that it still has to come.
///
/// Exactly uniform for straight-line programs without waiting. There are no rules for the birth of
/// threads: all pCPUs are there from the start. Hardware counts as one event while it can go.
public final class URW: Strategy {
  private let initial: EventCounts
  private var remaining = EventCounts()
  private var random = RandomStream(Seed(0))
  private var pcpuCount = 0

  /// A walk over pCPUs of so many events each, at most eight.
  public init(weights: [Int]) {
    var counts = EventCounts()
    for (pcpu, weight) in weights.enumerated() { counts[pcpu] = UInt64(max(weight, 1)) }
    initial = counts
  }

  public override var name: String { "urw" }

  /// Events count down where nobody else can go, too.
  public override var wantsEveryStep: Bool { true }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
    remaining = initial
    pcpuCount = shape.pcpuCount
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    let next = remaining.draw(
      among: point.enabled, pcpuCount: pcpuCount, least: 1, &random)
    if next < pcpuCount { remaining.spend(next) }
    return next
  }

  public override func chooseValue(below count: Int) -> Int {
    Int(random.below(UInt64(count)))
  }
}
