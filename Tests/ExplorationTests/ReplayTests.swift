// Replay: the same execution to the last value, or the first difference with both sides.

import Allocators
import Domain
import Exploration
import Machines
import Testing

@Suite("Replay") struct ReplayTests {
  @Test("a finding is reproduced 1,000 of 1,000 times", arguments: [false, true])
  func reproduces(hasTLB: Bool) throws {
    let world = FaultyWorld(fault: "B28", hasTLB: hasTLB)
    let found = try #require(Found(world.program()))
    let engine = Engine(world.program())
    for _ in 0..<1_000 {
      let replay = engine.replay(found.schedule)
      #expect(replay.isReproduced)
      #expect(replay.end.traceHash == found.end.traceHash)
      #expect(replay.end.outcome == found.end.outcome)
    }
  }

  @Test("a finding of fibers is reproduced on threads") func threads() throws {
    let world = FaultyWorld(fault: "B01", hasTLB: true)
    let found = try #require(Found(world.program()))
    let engine = Engine(world.program(), carrier: .thread)
    for _ in 0..<20 { #expect(engine.replay(found.schedule).isReproduced) }
  }

  @Test("executions that pass are reproduced, too") func passing() {
    let engine = Engine(SmallWorlds.m1(rounds: 2, hasTLB: true))
    for index in 0..<200 {
      engine.run(RandomWalk(), Seed(UInt64(index)), records: true)
      let schedule = engine.recordedSchedule()
      #expect(schedule.verdict == .finished)
      #expect(engine.replay(schedule).isReproduced)
    }
  }

  @Test("choices of the workload are part of a schedule") func choices() throws {
    let program = choosing()
    let engine = Engine(program)
    var seen: Set<UInt64> = []
    for index in 0..<50 {
      let end = engine.run(RandomWalk(), Seed(UInt64(index)), records: true)
      let schedule = engine.recordedSchedule()
      #expect(schedule.choices.count == 3)
      let replay = engine.replay(schedule)
      #expect(replay.isReproduced)
      #expect(replay.end.traceHash == end.traceHash)
      seen.insert(end.traceHash)
      let tolerant = TolerantReplay(schedule)
      #expect(engine.run(tolerant, Seed(0)).traceHash == end.traceHash)
      #expect(tolerant.skipped == 0 && tolerant.extra == 0)
    }
    #expect(seen.count > 10)
    engine.run(RandomWalk(), Seed(0), records: true)
    var schedule = engine.recordedSchedule()
    schedule.choices.removeLast()
    let divergence = try #require(engine.replay(schedule).divergence)
    #expect(
      [.asksForChoice(below: 4), .asksForChoice(below: 5)].contains(divergence.difference))
  }

  @Test("another agent in a step is noticed at that step, with both sides") func anotherAgent()
    throws
  {
    let engine = Engine(Toys.increments(2))
    engine.run(Order([0, 1, 0, 1]), Seed(0), records: true)
    var schedule = engine.recordedSchedule()
    // pCPU 1 would load where its store is recorded.
    schedule.steps.swapAt(1, 3)
    let divergence = try #require(engine.replay(schedule).divergence)
    #expect(divergence.step == 1)
    #expect(divergence.difference == .wouldDoOtherwise)
    #expect(divergence.recorded == schedule.steps[1])
    #expect(
      divergence.text(on: engine, site: { "site \($0.number)" }) == """
        step 1 differs from the recording
        recorded: pcpu1 store x at site 2 -> 1
        now: it would do something else
          enabled pcpu0 store x at site 2
          enabled pcpu1 load x at site 1
        """)
  }

  @Test("another value is noticed at its step") func anotherValue() throws {
    let engine = Engine(Toys.increments(2))
    engine.run(Order([0, 1, 0, 1]), Seed(0), records: true)
    let whole = engine.recordedSchedule()
    for (step, value) in ([0, 0, 1, 1] as [UInt64]).enumerated() {
      var schedule = whole
      schedule.steps[step] = edited(schedule.steps[step], result: 77)
      let divergence = try #require(engine.replay(schedule).divergence)
      #expect(divergence.step == step)
      #expect(divergence.difference == .returned(value))
    }
  }

  @Test("an execution that goes on behind the recording, or ends before it, is noticed")
  func lengths() throws {
    let engine = Engine(Toys.increments(2))
    engine.run(Order([0, 1, 0, 1]), Seed(0), records: true)
    let whole = engine.recordedSchedule()
    var short = whole
    short.steps.removeLast()
    let goesOn = try #require(engine.replay(short).divergence)
    #expect(goesOn.step == 3)
    #expect(goesOn.difference == .goesOn)
    var long = whole
    long.steps.append(long.steps[3])
    let ended = try #require(engine.replay(long).divergence)
    #expect(ended.step == 4)
    #expect(ended.difference == .ended(.finished))
    var other = whole
    other.verdict = .stepLimit
    #expect(engine.replay(other).divergence?.difference == .ended(.finished))
  }

  @Test("an agent that waits is named as waiting") func waits() throws {
    let world = FaultyWorld(fault: "B24")
    let engine = Engine(world.program())
    engine.run(RandomWalk(), Seed(3), records: true)
    var schedule = engine.recordedSchedule()
    // Two acquires of one lock in a row: the second must wait.
    let first = try #require(schedule.steps.firstIndex { $0.kind == .acquire })
    let later = try #require(
      schedule.steps.indices.first {
        $0 > first && schedule.steps[$0].kind == .acquire
          && schedule.steps[$0].agent != schedule.steps[first].agent
      })
    let step = schedule.steps.remove(at: later)
    schedule.steps.insert(step, at: first + 1)
    let divergence = try #require(engine.replay(schedule).divergence)
    #expect(divergence.step == first + 1)
    #expect([.cannotGo, .wouldDoOtherwise].contains(divergence.difference))
    #expect(divergence.present.contains { $0.agent == step.agent })
  }

  private func edited(_ step: ScheduleStep, result: UInt64) -> ScheduleStep {
    ScheduleStep(
      agent: step.agent, kind: step.kind, object: step.object, site: step.site, result: result,
      programStep: step.programStep)
  }

  /// pCPU 0 draws before its first step, both draw after one.
  private func choosing() -> ControlledProgram {
    Toys.program(
      words: 1,
      [
        { m, x in
          let first = m.choose(3, at: Site(1))
          m.store(x[0], UInt64(first), .relaxed, at: Site(2))
          m.store(x[0], UInt64(m.choose(4, at: Site(3))), .relaxed, at: Site(4))
        },
        { m, x in
          _ = m.load(x[0], .relaxed, at: Site(5))
          m.store(x[0], UInt64(m.choose(5, at: Site(6))), .relaxed, at: Site(7))
        },
      ])
  }
}

/// Takes the agents in a given order.
final class Order: Strategy {
  private let order: [Int]
  private var next = 0

  init(_ order: [Int]) { self.order = order }

  override var wantsEveryStep: Bool { true }
  override func begin(_ seed: Seed, _ shape: ProgramShape) { next = 0 }
  override func choose(_ point: DecisionPoint) -> Int {
    next += 1
    return next <= order.count ? order[next - 1] : point.enabled.first
  }
}
