// Selectively uniform random walk: every order of the accesses to one or two objects is equally
// likely, and everything else is a plain walk. Zhao, Wolff, Mathur and Roychoudhury, "Selectively
// uniform concurrency testing", ASPLOS 2025.

import Domain

/// Samples the order of the interesting events evenly: those that go to one or two of the shared
/// objects, drawn anew for each execution.
///
/// A pCPU is drawn as the one that has the next interesting event, in proportion to how many it
/// still has to come. Until it has made it, everybody walks, but whoever else comes to an
/// interesting event is held there. Exactly uniform if the estimates are right and nobody waits;
/// hardware is never interesting and walks along.
///
/// One that waits stays drawn as long as somebody can walk: that may be what it waits for. Only
/// when all that could go are held, another one is drawn from these.
public final class SURW: Strategy {
  private let objects: [Int]
  /// Events per object and pCPU, in a row.
  private let events: [UInt64]
  private let width: Int
  private let drawsObjects: Bool

  private var random = RandomStream(Seed(0))
  private var pcpus = AgentSet(bits: 0)
  /// The interesting objects; -2 is none.
  private var first = -2
  private var second = -2
  private var remaining = EventCounts()
  /// The pCPU whose interesting event comes next; -1 if that is open.
  private var intent = -1
  /// Who has come to an interesting event and is held.
  private var held = AgentSet(bits: 0)

  /// Draws one or two of `objects` for each execution.
  public convenience init(among objects: [SharedObject]) {
    self.init(objects, draws: true)
  }

  /// All of `objects`, at most two, in every execution.
  public convenience init(always objects: [SharedObject]) {
    precondition(objects.count <= 2, "at most two objects are interesting")
    self.init(objects, draws: false)
  }

  private init(_ objects: [SharedObject], draws: Bool) {
    let width = objects.map(\.events.count).max() ?? 0
    self.objects = objects.map(\.object)
    self.width = width
    events = objects.flatMap { object in
      (0..<width).map { UInt64($0 < object.events.count ? object.events[$0] : 0) }
    }
    drawsObjects = draws
  }

  public override var name: String { "surw" }

  /// Interesting events count down where nobody else can go, too.
  public override var wantsEveryStep: Bool { true }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    random = RandomStream(seed)
    pcpus = AgentSet(bits: (1 &<< UInt64(shape.pcpuCount)) &- 1)
    held = AgentSet(bits: 0)
    remaining = EventCounts()
    drawObjects()
    intent = remaining.draw(among: pcpus, pcpuCount: shape.pcpuCount, least: 0, &random)
  }

  private func drawObjects() {
    var one = -1
    var other = -1
    if !drawsObjects {
      one = objects.isEmpty ? -1 : 0
      other = objects.count > 1 ? 1 : -1
    } else if !objects.isEmpty {
      one = Int(random.below(UInt64(objects.count)))
      if objects.count > 1 && random.below(2) == 1 {
        other = Int(random.below(UInt64(objects.count - 1)))
        if other >= one { other += 1 }
      }
    }
    first = interesting(one)
    second = interesting(other)
  }

  /// The object at `place`, with its events added to those that remain.
  private func interesting(_ place: Int) -> Int {
    if place < 0 { return -2 }
    for pcpu in 0..<width { remaining[pcpu] += events[place * width + pcpu] }
    return objects[place]
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    let enabled = point.enabled
    let live = AgentSet(bits: point.live.bits & pcpus.bits)
    // Also when nobody is left who had any: the estimate was too low, or nothing is interesting.
    if intent < 0 || !live.contains(intent) { drawIntent(among: live) }
    var candidates = AgentSet(bits: enabled.bits & ~held.bits)
    while true {
      if candidates.isEmpty {
        // Everybody who could go is held, for one who waits: for one of them, perhaps.
        drawIntent(among: AgentSet(bits: enabled.bits & pcpus.bits))
        candidates = enabled
      }
      let agent = candidates.member(Int(random.below(UInt64(candidates.count))))
      let object = SharedObject.object(of: point.pending(agent))
      if object != first && object != second { return agent }
      if agent == intent {
        remaining.spend(agent)
        held = AgentSet(bits: 0)
        intent = remaining.draw(among: live, pcpuCount: point.pcpuCount, least: 0, &random)
        return agent
      }
      candidates.remove(agent)
      held.insert(agent)
    }
  }

  /// Draws the intent anew, evenly if none of `agents` has an interesting event left.
  private func drawIntent(among agents: AgentSet) {
    held = AgentSet(bits: 0)
    intent = remaining.draw(among: agents, pcpuCount: pcpus.count, least: 0, &random)
    if intent < 0 && !agents.isEmpty {
      intent = agents.member(Int(random.below(UInt64(agents.count))))
    }
  }

  public override func chooseValue(below count: Int) -> Int {
    Int(random.below(UInt64(count)))
  }
}
