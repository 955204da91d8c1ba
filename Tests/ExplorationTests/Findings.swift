// Findings for the tests of what comes after one: replay, shrinker, judge.

import Allocators
import Domain
import Exploration
import Machines

/// A world with a fault, whole or in parts.
struct FaultyWorld: Sendable {
  let fault: String
  var rounds = 2
  var hasTLB = false
  var apart = false

  /// The steps of each pCPU's program.
  var programSteps: [Int] {
    apart ? [rounds, 1, 1] : [rounds, rounds, min(rounds, 2)]
  }

  /// The program; with `keeping`, only these steps of each pCPU.
  func program(keeping kept: [[Int]]? = nil) -> ControlledProgram {
    guard let row = Fault.named(fault) else {
      preconditionFailure("no fault is called \(fault)")
    }
    return SmallWorlds.m1(
      rounds: rounds, hasTLB: hasTLB, apart: apart, row.kind.system, keeping: kept,
      knobs: { knobs in
        if case .world(let change, _) = row.kind { change(&knobs) }
      })
  }
}

/// An execution that a random walk has found.
struct Found {
  let engine: Engine
  let schedule: Schedule
  let seed: Seed
  let end: ExecutionEnd

  /// The first execution of `program` from seed `first` on that violates something.
  init?(_ program: ControlledProgram, from first: UInt64 = 0, tries: UInt64 = 50_000) {
    engine = Engine(program)
    let walk = RandomWalk()
    for number in first..<(first + tries) {
      guard case .violation = engine.run(walk, Seed(number)).outcome else { continue }
      seed = Seed(number)
      end = engine.run(walk, seed, records: true)
      schedule = engine.recordedSchedule()
      return
    }
    return nil
  }
}

/// Time since the start of the program.
@Sendable func elapsed() -> Duration { Clock.start.duration(to: .now) }

private enum Clock {
  static let start = ContinuousClock.now
}
