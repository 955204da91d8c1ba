// What exploring costs: schedules a second on both carriers, and the hand-offs that they rest on.

import Domain
import Exploration
import Host

/// One row of `bench --exploration`.
public struct ExplorationBenchRow: Sendable {
  /// The scenario.
  public let scenario: String
  /// What carried the pCPUs.
  public let carrier: CarrierName
  /// Schedules a second, one figure a round, in ascending order.
  public let schedulesPerSecond: [Double]
  /// Steps of a schedule, on average.
  public let eventsPerSchedule: Double
  /// What a hand-off from one pCPU to another costs by itself.
  public let handOffNanoseconds: Double

  /// The middle one.
  public var median: Double { schedulesPerSecond[schedulesPerSecond.count / 2] }
  /// What a step costs, everything included.
  public var nanosecondsPerEvent: Double { 1e9 / median / eventsPerSchedule }
}

/// Measures controlled runs: the random strategy, oracles on, one CPU.
public struct ExplorationBench: Sendable {
  /// Each round measures every row once; the medians are over rounds.
  public var rounds = 7
  /// How long a row is measured in a round.
  public var slice = Duration.milliseconds(300)

  /// The default: about ten seconds.
  public init() {}

  /// The rows: the bare reference program, and the same world with TLB and fill agents.
  public static let scenarios = ["m1-r2", "m1-r2-tlb"]

  /// Measures all rows in turn, round after round.
  ///
  /// - Parameter goesOn: asked before each measurement.
  public func run(goesOn: () -> Bool) throws -> [ExplorationBenchRow] {
    let cpu = HostDescription.current().allowedCPUs.last
    var subjects: [Subject] = []
    for name in Self.scenarios {
      let world = try ControlledWorld(ScenarioLibrary.builtIn.scenario(named: name))
      for carrier in CarrierName.allCases {
        subjects.append(
          Subject(name, carrier, Engine(try world.program(), carrier: carrier.carrier, cpu: cpu)))
      }
    }
    for _ in 0..<rounds {
      for index in subjects.indices where goesOn() { subjects[index].measure(slice, cpu) }
    }
    return subjects.compactMap(\.row)
  }

  /// A row while it is being measured.
  private struct Subject {
    let scenario: String
    let carrier: CarrierName
    let engine: Engine
    let strategy = RandomWalk()
    var index = 0
    var events = 0
    var rates: [Double] = []
    var handOffs: [Double] = []

    init(_ scenario: String, _ carrier: CarrierName, _ engine: Engine) {
      self.scenario = scenario
      self.carrier = carrier
      self.engine = engine
    }

    mutating func measure(_ slice: Duration, _ cpu: Int?) {
      handOffs.append(
        HandOffCost.nanoseconds(
          of: carrier.carrier, roundTrips: carrier == .fiber ? 200_000 : 2_000, cpu: cpu))
      let start = CycleClock.nanoseconds()
      let end = start + UInt64(slice.inSeconds * 1e9)
      let first = index
      var now = start
      while now < end {
        // The clock is read once for many schedules.
        for _ in 0..<50 {
          events += engine.run(strategy, Seed(UInt64(index))).steps
          index += 1
        }
        now = CycleClock.nanoseconds()
      }
      rates.append(Double(index - first) * 1e9 / Double(now - start))
    }

    var row: ExplorationBenchRow? {
      if rates.isEmpty { return nil }
      let sorted = handOffs.sorted()
      return ExplorationBenchRow(
        scenario: scenario, carrier: carrier, schedulesPerSecond: rates.sorted(),
        eventsPerSchedule: Double(events) / Double(index),
        handOffNanoseconds: sorted[sorted.count / 2])
    }
  }
}
