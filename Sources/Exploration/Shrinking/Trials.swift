// The replays that a shrinker makes: counted, limited, and compared with the finding.

import Domain

/// Runs schedules on parts of a program.
final class Trials {
  /// What a replay has shown.
  enum Outcome {
    /// The finding again.
    case same(Specimen)
    /// Something else, or nothing.
    case other(Verdict)
    /// There is no such program, or the budget has ended.
    case impossible
  }

  private let program: Shrinker.ProgramSource
  private let budget: ShrinkBudget
  private let clock: () -> Duration
  private let begin: Duration
  private var engine: (kept: [[Int]], engine: Engine)?

  /// Replays so far.
  private(set) var replays = 0
  /// What they showed.
  private(set) var verdictCounts: [Verdict: Int] = [:]
  /// Executions that were drawn at random or enumerated, beside the replays.
  private(set) var searches = 0
  /// Whether the budget has ended before the shrinker.
  private(set) var isExhausted = false
  /// Whether the last enumeration had to stop before it had seen everything.
  private(set) var lastEnumerationGaveUp = false

  init(
    _ program: @escaping Shrinker.ProgramSource, _ budget: ShrinkBudget,
    clock: @escaping () -> Duration
  ) {
    self.program = program
    self.budget = budget
    self.clock = clock
    begin = clock()
  }

  /// Replays `schedule` as well as it can be on the steps `kept` of the program.
  func run(_ schedule: Schedule, kept: [[Int]], wanted: Verdict) -> Outcome {
    guard let engine = engine(kept), hasBudget() else { return .impossible }
    let end = engine.run(TolerantReplay(schedule), Seed(0), records: true)
    let verdict = engine.verdict(of: end.outcome)
    count(verdict)
    return verdict == wanted ? .same(Specimen(engine, kept: kept)) : .other(verdict)
  }

  /// Replays `schedule` exactly; nil if there is no such program.
  func repeated(_ schedule: Schedule, kept: [[Int]]) -> (verdict: Verdict, specimen: Specimen)? {
    guard let engine = engine(kept) else { return nil }
    let verdict = engine.replay(schedule).verdict
    count(verdict)
    return (verdict, Specimen(engine, kept: kept))
  }

  /// Looks for the finding in other executions of the steps `kept`, with at most `preemptions`; nil
  /// if there is none in so many. These are no replays.
  func searched(kept: [[Int]], preemptions: Int, horizon: Int, wanted: Verdict) -> Specimen? {
    guard !isExhausted, let engine = engine(kept) else { return nil }
    let strategy = FewPreemptions(limit: preemptions, horizon: horizon)
    for index in 0..<budget.searchedPerProgram {
      if index % 256 == 0, clock() - begin > budget.time { return nil }
      searches += 1
      let seed = Seed(UInt64(index))
      guard case .violation(let violation) = engine.run(strategy, seed).outcome,
        violation.oracle == wanted.oracle,
        engine.verdict(of: .violation(violation)) == wanted
      else { continue }
      engine.run(strategy, seed, records: true)
      return Specimen(engine, kept: kept)
    }
    return nil
  }

  /// What a search through all schedules has shown.
  enum Enumeration {
    /// The finding, with the fewest preemptions that it needs.
    case found(Specimen)
    /// No schedule shows it.
    case nowhere
    /// The budget has ended, or there is no such program.
    case unknown
  }

  /// Looks for the finding in all executions of the steps `kept` with fewer than `preemptions`:
  /// first those with none, then those with one, and so on.
  func enumerated(kept: [[Int]], fewerThan preemptions: Int, wanted: Verdict) -> Enumeration {
    guard !isExhausted, let engine = engine(kept) else { return .unknown }
    defer { engine.keepsWideFingerprint = false }
    lastEnumerationGaveUp = false
    var left = budget.enumeratedPerProgram
    for bound in 0..<preemptions {
      let search = PreemptionBoundedSearch(
        bound: bound, cacheCapacity: 1 << 16, traceCapacity: 1 << 10)
      var found: Specimen?
      // Recorded, each of them: the one that shows it has changed the search and can't be repeated.
      let isComplete = search.run(on: engine, records: true) { end in
        searches += 1
        left -= 1
        if case .violation(let violation) = end.outcome, violation.oracle == wanted.oracle,
          engine.verdict(of: end.outcome) == wanted
        {
          found = Specimen(engine, kept: kept)
          return false
        }
        return left > 0 && (left % 256 != 0 || clock() - begin <= budget.time)
      }
      if let found { return .found(found) }
      if !isComplete || !search.isComplete {
        lastEnumerationGaveUp = true
        return .unknown
      }
    }
    return .nowhere
  }

  private func count(_ verdict: Verdict) {
    replays += 1
    verdictCounts[verdict, default: 0] += 1
  }

  private func hasBudget() -> Bool {
    if replays >= budget.replays || clock() - begin > budget.time { isExhausted = true }
    return !isExhausted
  }

  /// An engine is made once for each program: most replays are of one.
  private func engine(_ kept: [[Int]]) -> Engine? {
    if let engine, engine.kept == kept { return engine.engine }
    guard let program = program(kept) else { return nil }
    let made = Engine(program, stepLimit: budget.stepLimit)
    engine = (kept, made)
    return made
  }
}
