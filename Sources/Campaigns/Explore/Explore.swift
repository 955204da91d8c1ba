// Explorations: many schedules of one fixed program, and what the oracles said of them.

import Domain
import Exploration
import Host
import Machines

/// Runs explorations.
public enum Explore {
  /// Runs one exploration on threads of its own.
  ///
  /// - Parameters:
  ///   - order: what to run.
  ///   - progress: called about 20 times a second; returns whether to go on.
  /// - Throws: `ExploreError`, and `AllocationError` if the system cannot hold the VMs.
  public static func run(
    _ order: ExploreOrder, progress: (ExploreProgress) -> Bool = { _ in true }
  ) throws -> ExploreResult {
    try order.validate()
    let session = try ExploreSession(order)
    return StrategyNames.exhaustive.contains(order.strategy)
      ? try session.search(progress) : try session.sample(progress)
  }
}

/// One exploration under way.
final class ExploreSession {
  let order: ExploreOrder
  let program: ControlledProgram
  /// Repeats what the workers have found; never one of theirs.
  let engine: Engine
  let calibration: Calibration
  /// When the search began; what is prepared beforehand is no part of its rate.
  private(set) var start = CycleClock.nanoseconds()

  init(_ order: ExploreOrder) throws {
    self.order = order
    program = try order.world.program()
    engine = Engine(program, carrier: order.carrier.carrier, stepLimit: order.stepLimit)
    calibration = Calibration(
      Engine(program, stepLimit: order.stepLimit), order.seed)
  }

  var elapsed: Duration { .nanoseconds(Int64(CycleClock.nanoseconds() - start)) }

  func begin() { start = CycleClock.nanoseconds() }

  // MARK: Schedules by index

  func sample(_ progress: (ExploreProgress) -> Bool) throws -> ExploreResult {
    let plan = try StrategyPlan(order, calibration)
    let first = order.index ?? 0
    let end = order.index.map { $0 + 1 } ?? order.schedules ?? Int.max / 2
    let share = ExploreShare(order, labels: plan.labels, first: first, end: end)
    let cpus = HostDescription.current().allowedCPUs
    let workers = try (0..<max(order.jobs, 1)).map { number in
      // A carrier's pthreads hand a baton on: on one CPU that costs least.
      let cpu = order.carrier == .thread && !cpus.isEmpty ? cpus[number % cpus.count] : nil
      return (
        ExploreWorker(
          Engine(
            try order.world.program(), carrier: order.carrier.carrier, cpu: cpu,
            stepLimit: order.stepLimit), try StrategyPlan(order, calibration), order, share), cpu
      )
    }
    begin()
    let threads = workers.enumerated().map { number, worker in
      PinnedThread(name: "explorer-\(number)", cpu: worker.1) { [worker = worker.0] in
        worker.run()
        share.workerEnds()
      }
    }
    watch(share, workers: threads.count, progress)
    threads.forEach { $0.join() }
    var result = summary(of: share)
    for (worker, _) in workers { result.counts.add(worker.counts) }
    let found = share.withSum { $0.findings }.sorted { $0.index < $1.index }
    for one in found {
      result.findings.append(
        try finding(one, plan.strategy(for: one.index).strategy, plan.labels[one.slot]))
    }
    result.verdict = verdict(of: result)
    result.bound = BoundText(order: order, calibration: calibration, plan: plan)
      .sentence(of: result)
    return result
  }

  /// Ends the workers when the time is up or somebody says so.
  private func watch(
    _ share: ExploreShare, workers: Int, _ progress: (ExploreProgress) -> Bool
  ) {
    var poll = Duration.milliseconds(1)
    while share.ended < workers {
      let left = order.time.map { $0 - elapsed } ?? .seconds(1)
      if left <= .zero
        || !progress(
          ExploreProgress(
            elapsed: elapsed, schedules: share.schedulesDone))
      {
        share.finish()
        return
      }
      sleepThread(for: min(left, poll))
      // Short at first: many explorations are over in a few milliseconds.
      poll = min(poll * 2, .milliseconds(50))
    }
  }

  private func summary(of share: ExploreShare) -> ExploreResult {
    var result = ExploreResult()
    result.elapsed = elapsed
    share.withSum { sum in
      result.schedules = sum.schedules
      result.events = sum.events
      result.traceHash = sum.traceHashes.text
      result.distinctTraces = sum.traces.count
      result.distinctIsAtLeast = sum.traces.isFull
      result.stepLimits = sum.stepLimits
      result.nondeterministic = sum.nondeterministic
      result.tallies = sum.tallies
    }
    return result
  }

  func verdict(of result: ExploreResult) -> ExploreVerdict {
    if result.nondeterministic != nil { return .nondeterministic }
    if result.findings.contains(where: \.isConfirmed) { return .bug }
    if !result.findings.isEmpty { return .notConfirmed }
    // What ended at the step limit was not judged.
    return result.schedules > result.stepLimits ? .clean : .nothingChecked
  }
}
