// Systems side by side: what a slice costs, and what they do with a few loads.

import Allocators
import Domain
import Host
import Machines
import Measurement

/// How long a comparison takes.
public struct ComparisonPlan: Sendable {
  /// Rounds of every time; their median counts.
  public var rounds = 15
  /// How long each load runs with each of its seeds.
  public var time: Duration = .milliseconds(300)
  /// Each load runs with so many seeds; the median of each figure counts.
  public var seeds = 3

  /// The default: about five seconds a system.
  public init() {}
}

/// A time of one system, in nanoseconds.
public struct ComparedTime: Sendable, Equatable {
  /// The median of the rounds.
  public let nanoseconds: Double
  /// Whether the rounds agree within 10 %.
  public let isStable: Bool

  /// The time that `rounds`, in nanoseconds, agree on.
  init(rounds: [Double]) {
    let samples = Samples(rounds)
    nanoseconds = samples.median
    isStable = samples.isStable(within: 0.1)
  }
}

/// What a system does for its rollovers when 8 pCPUs have one number more than they need.
public struct ComparedRollover: Sendable, Equatable {
  /// CPU time of all pCPUs together for one, over that of the same slices with numbers enough.
  public let cost: ComparedTime
  /// Slices of new VMs from one to the next.
  public let slices: Double
}

/// A row of the comparison.
public struct ComparedSystem: Sendable {
  /// Who it is.
  public let system: TagSystem
  /// A slice of one entry of the vCPU that its pCPU ran last.
  public let fast: ComparedTime
  /// The same of a VM that is new, with its creation and the end of the one before it.
  public let slow: ComparedTime
  /// nil if it does not roll over.
  public let rollover: ComparedRollover?
  /// What it did with each load.
  public let loads: [ComparisonLoad: LoadFigures]
}

/// Why there is no row.
public enum ComparisonError: Error, Equatable {
  case notClean(system: String, load: String, verdict: Verdict, finding: String?)
}

extension ComparisonError: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .notClean(let system, let load, let verdict, let finding):
      "\(system) on \(load) ended with '\(verdict.rawValue)', so its figures mean nothing"
        + (finding.map { " (\($0))" } ?? "")
        + (verdict == .nothingChecked
          ? "; give more --time" : "; see vmidtorture soak \(load) --system \(system)")
    }
  }

  /// The process's exit code.
  public var exitCode: Int32 {
    switch self {
    case .notClean(_, _, let verdict, _): verdict.exitCode
    }
  }
}

/// Measures rows.
public struct Comparison: Sendable {
  /// pCPUs of the rollover column.
  public static let rolloverPCPUs = 8

  private let plan: ComparisonPlan
  private let bench: Bench

  /// Calibrates the clock, which takes a tenth of a second.
  public init(_ plan: ComparisonPlan) throws {
    self.plan = plan
    var benchPlan = BenchPlan()
    benchPlan.rounds = plan.rounds
    benchPlan.repetitions = 20_000
    bench = try Bench(benchPlan)
  }

  /// The row of one system, which has loops to measure.
  ///
  /// - Throws: `ComparisonError` if a load shows it wrong.
  public func row(of system: TagSystem) throws -> ComparedSystem {
    ComparedSystem(
      system: system, fast: try time(of: .slice, system), slow: try time(of: .newSlice, system),
      rollover: try RolloverRounds(system).cost(rounds: plan.rounds),
      loads: try loads(of: system))
  }

  private func time(of loop: BenchLoop, _ system: TagSystem) throws -> ComparedTime {
    let subject = try BenchSubject(slices: loop, of: system)
    return ComparedTime(
      rounds: (0..<plan.rounds).map { _ in
        bench.ticksPerOperation(of: subject) * bench.calibration.nanosecondsPerCycle
      })
  }

  private func loads(of system: TagSystem) throws -> [ComparisonLoad: LoadFigures] {
    var figures: [ComparisonLoad: LoadFigures] = [:]
    for load in ComparisonLoad.allCases {
      let scenario = try load.scenario(for: system)
      let runs = try (1...plan.seeds).map { try counts(of: scenario, seed: Seed(UInt64($0))) }
      figures[load] = LoadFigures(
        runs, tagBits: scenario.tagBits,
        hasMoreTagBits: scenario.tagBits > (try load.asWritten()).tagBits)
    }
    return figures
  }

  /// One run on the instrumented machine, which does not pause: all systems alike.
  private func counts(of scenario: Scenario, seed: Seed) throws -> Counts {
    var order = try SoakOrder(scenario, seed: seed)
    order.setup.pauses = .never
    order.duration = plan.time
    let result = try Soak.run(order)
    guard result.verdict == .clean else {
      throw ComparisonError.notClean(
        system: scenario.system, load: scenario.name, verdict: result.verdict,
        finding: result.findings.first?.summary)
    }
    return result.counts
  }
}

/// Rounds in which 8 pCPUs, however few CPUs there are, give new VMs their numbers: with one number
/// more than they need, and in turn with numbers enough.
struct RolloverRounds {
  /// A run lasts at least as long, so that all pCPUs are at it, whose threads take turns.
  private static let leastNanoseconds: UInt64 = 50_000_000
  /// A system that has not rolled over after so many slices of each pCPU never does.
  private static let enoughSlices = 4096

  private let pcpus = Comparison.rolloverPCPUs
  private let tight: PreparedBench
  private let roomy: PreparedBench

  /// A number is one pCPU's only where tags are, and everybody's elsewhere; for a system that says
  /// that it needs more, so many.
  init(_ system: TagSystem) throws {
    let running = system.traits.tagScope == .machine ? pcpus : 1
    let tags = max(running + 1, system.traits.leastTags(pcpus, pcpus))
    tight = try system.measured(
      BenchSetup(
        pcpus: pcpus,
        configuration: AllocatorConfiguration(tagBits: 8, usableTags: tags, pcpuCount: pcpus)))
    roomy = try system.measured(
      BenchSetup(
        pcpus: pcpus, configuration: AllocatorConfiguration(tagBits: 16, pcpuCount: pcpus)))
  }

  /// nil if the system does not roll over.
  func cost(rounds: Int) -> ComparedRollover? {
    var slices = 256
    while true {
      let first = run(tight, slices)
      if first.rollovers == 0, slices >= Self.enoughSlices { return nil }
      if first.elapsed >= Self.leastNanoseconds { break }
      slices *= 2
    }
    var costs: [Double] = []
    var slicesEach: [Double] = []
    for _ in 0..<rounds {
      let withRollovers = run(tight, slices)
      let without = run(roomy, slices)
      guard withRollovers.rollovers > 0 else { continue }
      costs.append(
        Self.costOfOne(
          tight: withRollovers.cpuTime, roomy: without.cpuTime, rollovers: withRollovers.rollovers))
      slicesEach.append(Double(slices * pcpus) / Double(withRollovers.rollovers))
    }
    guard !costs.isEmpty else { return nil }
    return ComparedRollover(
      cost: ComparedTime(rounds: costs), slices: Samples(slicesEach).median)
  }

  /// What so many rollovers have cost over the same slices with numbers enough, each.
  static func costOfOne(tight: UInt64, roomy: UInt64, rollovers: UInt64) -> Double {
    (Double(tight) - Double(roomy)) / Double(rollovers)
  }

  /// So many slices on each pCPU.
  private func run(
    _ bench: PreparedBench, _ slices: Int
  ) -> (cpuTime: UInt64, elapsed: UInt64, rollovers: UInt64) {
    let before = bench.rollovers
    let start = CycleClock.nanoseconds()
    let sum = HostLock<UInt64>(0)
    runTogether(pcpus, answer: bench.answer) { pcpu in
      let start = CycleClock.threadNanoseconds()
      _ = bench.repeated(.newSlice, pcpu, slices)
      let time = CycleClock.threadNanoseconds() - start
      sum.withLock { $0 += time }
    }
    return (
      sum.withLock { $0 }, CycleClock.nanoseconds() - start, bench.rollovers - before
    )
  }
}
