// The shrinker: short executions with the same finding, and honest answers where there is none.

import Allocators
import Domain
import Exploration
import Machines
import Synchronization
import Testing

@Suite("Shrinker", .serialized) struct ShrinkerTests {
  static let worlds: [FaultyWorld] = [
    FaultyWorld(fault: "B01"), FaultyWorld(fault: "B02"), FaultyWorld(fault: "B28", apart: true),
    FaultyWorld(fault: "B04"), FaultyWorld(fault: "B28"), FaultyWorld(fault: "B09"),
    FaultyWorld(fault: "B11"),
    FaultyWorld(fault: "H01"), FaultyWorld(fault: "B01", hasTLB: true),
    FaultyWorld(fault: "B09", hasTLB: true), FaultyWorld(fault: "B28", hasTLB: true, apart: true),
  ]

  private func shrink(_ world: FaultyWorld, _ schedule: Schedule) -> Shrinking {
    // Counts end it and not the clock: what it finds must not depend on how busy the host is.
    Shrinker(
      programSteps: world.programSteps, budget: ShrinkBudget(time: .seconds(600)), clock: elapsed,
      program: { world.program(keeping: $0) }
    ).shrink(schedule)
  }

  @Test("a fault's story has at most 25 rows and 3 preemptions", arguments: worlds)
  func isShort(_ world: FaultyWorld) throws {
    for first in [0, 100_000, 200_000] as [UInt64] {
      let found = try #require(Found(world.program(), from: first))
      guard case .shrunk(let result) = shrink(world, found.schedule) else {
        Issue.record("not shrunk")
        continue
      }
      #expect(result.rows.count <= 25)
      // With B and C on one pCPU, no execution with fewer than four preemptions is known that shows
      // B28 by O2, and taking away pieces of one gets stuck a little above.
      let isLarge = world.fault == "B28" && !world.apart
      #expect(result.preemptionsAfter <= (isLarge ? 6 : 3))
      // There the search for fewer gives up, and says so.
      #expect(result.isMinimal || isLarge)
      #expect(result.schedule.verdict == found.schedule.verdict)
      let replay = Engine(world.program(keeping: result.programSteps)).replay(result.schedule)
      #expect(replay.isReproduced)
      #expect(replay.end.preemptions == result.preemptionsAfter)
    }
  }

  @Test("a lost update of 42 steps shrinks to 4 switches, and its pair is on the shared word")
  func lostUpdate() throws {
    var mostReplays = 0
    var mostForPair = 0
    var mostSwitches = 0
    for first in 0..<100 as Range<UInt64> {
      let found = try #require(Found(Toys.lostUpdate(), from: first * 1000))
      #expect(found.schedule.steps.count == 42)
      let shrinker = Shrinker(
        programSteps: [0, 0, 0], clock: elapsed, program: { _ in Toys.lostUpdate() })
      guard case .shrunk(let result) = shrinker.shrink(found.schedule) else {
        Issue.record("not shrunk")
        continue
      }
      let agents = result.schedule.steps.map(\.agent)
      let switches = zip(agents, agents.dropFirst()).count { $0 != $1 }
      mostReplays = max(mostReplays, result.replaysForPreemptions)
      mostForPair = max(mostForPair, result.replaysForPair)
      mostSwitches = max(mostSwitches, switches)
      #expect(result.isMinimal)
      let pair = try #require(result.criticalPair)
      for step in [pair.0, pair.1] {
        #expect(result.schedule.steps[step].site == Toys.shared)
        #expect(result.schedule.steps[step].object == 0)
      }
      #expect(result.schedule.steps[pair.0].agent != result.schedule.steps[pair.1].agent)
    }
    #expect(mostSwitches <= 4)
    #expect(mostReplays <= 12)
    #expect(mostForPair <= 8)
  }

  @Test("a schedule that passes is not shrunk") func passes() {
    let world = FaultyWorld(fault: "B24")
    let engine = Engine(world.program())
    engine.run(RandomWalk(), Seed(1), records: true)
    var schedule = engine.recordedSchedule()
    guard case .doesNotFail(let none) = shrink(world, schedule) else {
      Issue.record("a passing schedule was shrunk")
      return
    }
    #expect(none.isEmpty)
    // And one that only says that it fails.
    schedule.verdict = Verdict(name: "twoVMs", oracle: .o2, subject: "")
    guard case .doesNotFail(let verdicts) = shrink(world, schedule) else {
      Issue.record("a passing schedule was shrunk")
      return
    }
    #expect(verdicts == [.finished, .finished, .finished])
  }

  @Test("a finding that comes and goes is flaky, with all three verdicts") func flaky() throws {
    // Fails in every second run: what a controlled program must not do, it remembers.
    let runs = Runs()
    let program = Toys.program(
      words: 1,
      [
        { m, x in
          m.store(x[0], 1, .relaxed, at: Site(1))
          if runs.count.add(1, ordering: .relaxed).newValue % 2 == 1 {
            m.bug("now and then", at: Site(2))
          }
        }
      ])
    let engine = Engine(program)
    let end = engine.run(RandomWalk(), Seed(0), records: true)
    let schedule = engine.recordedSchedule()
    #expect(engine.verdict(of: end.outcome).isFailure)
    let shrinker = Shrinker(programSteps: [0], clock: elapsed, program: { _ in program })
    guard case .flaky(let verdicts) = shrinker.shrink(schedule) else {
      Issue.record("not flaky")
      return
    }
    #expect(verdicts == [.finished, schedule.verdict, .finished])
  }

  @Test("a shrinker without a budget says that its result is not minimal") func noBudget() throws {
    let world = FaultyWorld(fault: "B28")
    let found = try #require(Found(world.program()))
    let shrinker = Shrinker(
      programSteps: world.programSteps, budget: ShrinkBudget(replays: 3), clock: elapsed,
      program: { world.program(keeping: $0) })
    guard case .shrunk(let result) = shrinker.shrink(found.schedule) else {
      Issue.record("not shrunk")
      return
    }
    #expect(!result.isMinimal)
    #expect(result.schedule == found.schedule)
  }

  private final class Runs: Sendable {
    let count = Atomic(0)
  }
}
