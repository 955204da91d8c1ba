// The timing layer: what the fast path, the slow path and a rollover cost, beside the floor.

import Allocators
import Domain
import Host
import Machines
import Measurement
import Synchronization

/// A case of `bench`.
public enum BenchCase: String, CaseIterable, Sendable {
  /// A bare compare-exchange on a line of its own: nobody is faster.
  case floor
  /// Nothing but the two readings of the clock.
  case clock
  /// The lock-free path, every pCPU's slot on a line of its own.
  case fast
  /// The same, the slots side by side on one line.
  case fastFalseShared = "fast-false-shared"
  /// The same, while one more pCPU rolls over all the time.
  case fastRollovers = "fast-rollovers"
  /// The locked path: a VM that has no number yet, and numbers enough.
  case slow
  /// The locked path when the numbers run out, per rollover.
  case rollover
}

/// One measured row.
public struct BenchRow: Sendable {
  /// The system; the floor and the clock have none.
  public let system: String?
  /// What was measured.
  public let benchCase: BenchCase
  /// pCPUs that worked at once.
  public let pcpus: Int
  /// Per operation and pCPU, from n against 2n; nil for the clock.
  public let nsPerOp: Double?
  /// The same in ticks of the time-stamp counter.
  public let cyclesPerOp: Double?
  /// All pCPUs together.
  public let opsPerSecond: Double?
  /// Of single calls, the reading of the clock included.
  public let latency: LatencySummary
  /// Single calls during which the host took the thread off its CPU; not in `latency`.
  public let preemptedSamples: UInt64
  /// The floor for as many pCPUs, measured in turn with the row.
  public let floorNsPerOp: Double?
  /// Whether the rounds agree within 5 %.
  public let isStable: Bool

  /// How many floors the operation costs.
  public var ratioToFloor: Double? {
    guard let nsPerOp, let floorNsPerOp, floorNsPerOp > 0 else { return nil }
    return nsPerOp / floorNsPerOp
  }
}

/// How long a bench takes.
public struct BenchPlan: Sendable {
  /// Repetitions of the shorter loop.
  public var repetitions = 200_000
  /// Rounds; each times the row's n and 2n and the floor's n and 2n in turn.
  public var rounds = 15
  /// Single calls timed, per pCPU.
  public var samples = 200_000

  /// The default: about a second a row.
  public init() {}
}

/// Measures.
public struct Bench: Sendable {
  /// How long.
  public let plan: BenchPlan
  /// The rate of the time-stamp counter.
  public let calibration: ClockCalibration

  /// Calibrates the clock, which takes a tenth of a second.
  public init(_ plan: BenchPlan) throws {
    self.plan = plan
    var readings: [ClockReading] = []
    for _ in 0..<11 {
      sleepThread(for: .milliseconds(10))
      readings.append(
        ClockReading(cycles: CycleClock.cycles(), nanoseconds: CycleClock.nanoseconds()))
    }
    calibration = try ClockCalibration(readings)
  }

  /// The row of one case. The floor is measured in the same rounds, so that a machine whose speed
  /// drifts does not change the ratio.
  public func row(_ benchCase: BenchCase, of system: TagSystem, pcpus: Int) throws -> BenchRow {
    let subject = try BenchSubject(benchCase, system, pcpus: pcpus)
    let floor = try BenchSubject(.floor, system, pcpus: pcpus)
    let disturber = subject.disturb.map(Disturber.init)
    defer { disturber?.stop(pcpus, answer: subject.answer) }
    var costs: [Double] = []
    var floors: [Double] = []
    if benchCase != .clock {
      for _ in 0..<plan.rounds {
        costs.append(ticksPerOperation(of: subject))
        floors.append(ticksPerOperation(of: floor))
      }
    }
    let (latency, preempted) = singleCalls(of: subject)
    return summary(benchCase, system, subject, costs, floors, latency, preempted)
  }

  private func summary(
    _ benchCase: BenchCase, _ system: TagSystem, _ subject: BenchSubject, _ costs: [Double],
    _ floors: [Double], _ latency: LatencySummary, _ preempted: UInt64
  ) -> BenchRow {
    let cycles = costs.isEmpty ? nil : Samples(costs)
    let nsPerOp = cycles.map { $0.median * calibration.nanosecondsPerCycle }
    let isBare = benchCase == .floor || benchCase == .clock
    return BenchRow(
      system: isBare ? nil : system.name, benchCase: benchCase, pcpus: subject.pcpus,
      nsPerOp: nsPerOp, cyclesPerOp: cycles?.median,
      opsPerSecond: nsPerOp.map { Double(subject.pcpus) * 1e9 / $0 }, latency: latency,
      preemptedSamples: preempted,
      floorNsPerOp: floors.isEmpty
        ? nil : Samples(floors).median * calibration.nanosecondsPerCycle,
      isStable: cycles?.isStable(within: 0.05) ?? true)
  }

  /// One round: n against 2n, so that what comes once, the start of the threads and the reading of
  /// the clock, cancels out.
  func ticksPerOperation(of subject: BenchSubject) -> Double {
    let short = subject.repeated(plan.repetitions)
    let long = subject.repeated(2 * plan.repetitions)
    let operations = max(1, Int(long.operations) - Int(short.operations))
    return PerOperationCost.perOperation(
      timeForN: short.ticks, timeFor2N: long.ticks, n: operations)
  }

  /// Times single calls on all pCPUs at once.
  private func singleCalls(of subject: BenchSubject) -> (LatencySummary, preempted: UInt64) {
    let all = HostLock(MergedSamples())
    runTogether(subject.pcpus, answer: subject.answer) { pcpu in
      var samples = LatencySamples(calibration)
      subject.timed(pcpu, plan.samples, &samples)
      all.withLock { $0.merge(samples) }
    }
    return all.withLock { (LatencySummary($0.histogram), $0.preempted) }
  }
}

/// The samples of several threads.
private struct MergedSamples: ~Copyable {
  var histogram = Histogram()
  var preempted: UInt64 = 0

  mutating func merge(_ samples: borrowing LatencySamples) {
    histogram.merge(samples.histogram)
    preempted += samples.preempted
  }
}
