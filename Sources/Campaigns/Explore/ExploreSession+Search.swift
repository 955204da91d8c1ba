// Exhaustive searches: one execution after the other, until nothing is left to be tried.

import Domain
import Exploration

extension ExploreSession {
  /// The search that the order asks for.
  private func exhaustiveSearch() throws(ExploreError) -> Search {
    let bound = order.bound ?? Self.defaultBound
    switch order.strategy {
    case "dfs": return PreemptionBoundedSearch(bound: bound)
    case "delay": return DelayBoundedSearch(bound: bound)
    case "dpor":
      let scenario = order.world.scenario
      if scenario.speculateEvery > 0, scenario.pagesPerVM > 1 {
        throw .dporAndChoices(scenario.name, pages: scenario.pagesPerVM)
      }
      if scenario.failEvery > 0 { throw .dporAndFailures(scenario.name) }
      return SourceDPOR()
    default: throw .unknownStrategy(order.strategy, names: StrategyNames.all)
    }
  }

  /// Preemptions or delays, unless the order says otherwise.
  static let defaultBound = 2

  func search(_ progress: (ExploreProgress) -> Bool) throws -> ExploreResult {
    let search = try exhaustiveSearch()
    // An engine of its own: a search looks at the trace of the last execution.
    let engine = Engine(program, carrier: order.carrier.carrier, stepLimit: order.stepLimit)
    var tally = StrategyTally(name: order.strategy)
    var traceHashes = TraceHashes()
    var looks = 0
    var shapes: [Violation] = []
    var result = ExploreResult()
    var failure: (any Error)?
    begin()
    // Recorded, because a search cannot repeat the execution before.
    let isAtEnd = search.run(on: engine, records: true) { end in
      tally.events += end.steps
      traceHashes.add(end.traceHash)
      looks += 1
      if case .violation(let violation) = end.outcome {
        tally.findings += 1
        let isNew = !shapes.contains { $0.hasShape(of: violation) }
        if isNew, shapes.count < ScheduleBlock.mostFindings {
          shapes.append(violation)
          let found = FoundSchedule(
            index: search.executions - 1, traceHash: end.traceHash, violation: violation)
          do {
            result.findings.append(try finding(found, RecordedExecution(engine, end)))
          } catch {
            failure = error
            return false
          }
        }
        if order.stopsAtFirst { return false }
      }
      return goesOn(search, looks, progress)
    }
    if let failure { throw failure }
    tally.schedules = search.executions
    result.elapsed = elapsed
    result.counts = engine.counts
    result.schedules = search.executions + search.stepLimits
    result.stepLimits = search.stepLimits
    result.events = tally.events
    result.tallies = [tally]
    result.traceHash = traceHashes.text
    result.distinctTraces = search.traces.count
    result.distinctIsAtLeast = search.traces.hasOverflowed
    result.isComplete = isAtEnd && search.isComplete && !search.traces.hasOverflowed
    if search.isNondeterministic { result.nondeterministic = search.executions }
    result.verdict = verdict(of: result)
    result.bound = sentence(result, search)
    return result
  }

  private func goesOn(
    _ search: Search, _ looks: Int, _ progress: (ExploreProgress) -> Bool
  ) -> Bool {
    if let most = order.schedules, search.executions >= most { return false }
    // The clock costs as much as a schedule.
    guard looks % 256 == 0 else { return true }
    if let time = order.time, elapsed >= time { return false }
    return looks % 4096 != 0
      || progress(ExploreProgress(elapsed: elapsed, schedules: search.executions))
  }

  /// A schedule of a search has no seed: what was recorded is followed three times.
  private func finding(
    _ found: FoundSchedule, _ execution: RecordedExecution
  ) throws -> ExploreFinding {
    let isConfirmed = (0..<Self.repetitions).allSatisfy { _ in
      engine.replay(execution.schedule).isReproduced
    }
    return try finding(execution, found, order.strategy, isConfirmed: isConfirmed)
  }

  private func sentence(_ result: ExploreResult, _ search: Search) -> String {
    let given = search.givenUp == 0 ? "" : ", \(search.givenUp) given up as known"
    let limits =
      search.stepLimits == 0
      ? "" : ", \(search.stepLimits) ended at \(order.stepLimit) steps and were not judged"
    let counts =
      "(\(search.executions) executions\(given)\(limits), "
      + "\(result.distinctIsAtLeast ? "at least " : "")\(result.distinctTraces) traces)"
    if search.traces.hasOverflowed {
      return "the table of traces overflowed: nothing is claimed \(counts)"
    }
    if result.isComplete { return "complete: \(scope(search)) \(counts)" }
    return "not complete: of \(scope(search)), \(counts)"
  }

  private func scope(_ search: Search) -> String {
    let bound = order.bound ?? Self.defaultBound
    switch search {
    case let search as PreemptionBoundedSearch where search.boundWasReached:
      return "every schedule with at most \(bound) preemption\(bound == 1 ? "" : "s")"
    case let search as DelayBoundedSearch where search.boundWasReached:
      return "every schedule with at most \(bound) delay\(bound == 1 ? "" : "s")"
    case is SourceDPOR: return "every schedule, up to the order of independent steps"
    default: return "every schedule; the bound has kept none out"
    }
  }
}
