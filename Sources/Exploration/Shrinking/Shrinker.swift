// Makes a failing execution short: less program, fewer preemptions, and the pair of steps on which
// it depends. Each attempt is judged by replaying it: the same oracle must say the same.

import Domain
import Machines

/// Shrinks schedules of one program.
public struct Shrinker {
  /// Builds the program with only these steps of each pCPU's own program; nil if that is not
  /// possible. The number of pCPUs stays, and the objects keep their numbers.
  public typealias ProgramSource = (_ keeping: [[Int]]) -> ControlledProgram?

  private let programSteps: [Int]
  private let budget: ShrinkBudget
  private let clock: () -> Duration
  private let program: ProgramSource

  /// A shrinker.
  ///
  /// - Parameters:
  ///   - programSteps: how many steps the program of each pCPU has; 0 for a pCPU whose program
  ///     cannot be cut.
  ///   - budget: after it, the best so far is the result.
  ///   - clock: the time since some moment.
  ///   - program: builds parts of the program.
  public init(
    programSteps: [Int], budget: ShrinkBudget = ShrinkBudget(),
    clock: @escaping () -> Duration, program: @escaping ProgramSource
  ) {
    self.programSteps = programSteps
    self.budget = budget
    self.clock = clock
    self.program = program
  }

  /// Shrinks `schedule`, which is of the whole program.
  public func shrink(_ schedule: Schedule) -> Shrinking {
    if !schedule.verdict.isFailure { return .doesNotFail([]) }
    let trials = Trials(program, budget, clock: clock)
    let whole = programSteps.map { Array(0..<$0) }
    // A replay ends at the failing event: what was recorded behind it is cut off by that.
    let repeats = (0..<3).compactMap { _ in trials.repeated(schedule, kept: whole) }
    guard let first = repeats.first, repeats.count == 3 else { return .noProgram }
    let verdicts = repeats.map(\.verdict)
    if verdicts.allSatisfy({ $0 == .finished }) { return .doesNotFail(verdicts) }
    guard verdicts.allSatisfy({ $0 == schedule.verdict }) else { return .flaky(verdicts) }
    let attempt = ShrinkAttempt(trials, wanted: schedule.verdict)
    return .shrunk(attempt.result(from: first.specimen))
  }
}

/// One attempt, from the first specimen to the result.
struct ShrinkAttempt {
  let trials: Trials
  let wanted: Verdict

  init(_ trials: Trials, wanted: Verdict) {
    self.trials = trials
    self.wanted = wanted
  }

  func result(from first: Specimen) -> ShrinkResult {
    var best = withoutWhatDoesNotMatter(first)
    best = withoutProgramSteps(best)
    let before = trials.replays
    best = withoutPreemptions(best)
    let afterPreemptions = trials.replays
    let pair = criticalPair(best)
    return ShrinkResult(
      schedule: best.schedule, programSteps: best.kept, eventsBefore: first.count,
      eventsAfter: best.count,
      rows: foldedRows(
        agents: best.schedule.steps.map(\.agent), touches: best.touches,
        alone: Set([best.count - 1] + (pair.map { [$0.0, $0.1] } ?? []))),
      preemptionsBefore: first.preemptions.count, preemptionsAfter: best.preemptions.count,
      replays: trials.replays, replaysForPreemptions: afterPreemptions - before,
      replaysForPair: trials.replays - afterPreemptions, verdictCounts: trials.verdictCounts,
      isMinimal: !trials.isExhausted, criticalPair: pair)
  }

  /// Replays `order`, steps of `specimen`, on the program steps `kept`; nil if the finding is gone.
  private func tried(_ specimen: Specimen, _ order: [Int], kept: [[Int]]) -> Specimen? {
    let schedule = specimen.schedule.reordered(order)
    guard case .same(let found) = trials.run(schedule, kept: kept, wanted: wanted) else {
      return nil
    }
    return found
  }

  // MARK: The causal slice

  /// Only what happens before the failing event; program steps of which nothing is left are gone.
  private func withoutWhatDoesNotMatter(_ specimen: Specimen) -> Specimen {
    let past = specimen.happensBefore.past(of: specimen.ends)
    var isKept = specimen.kept.map { [Bool](repeating: false, count: $0.count) }
    for step in past {
      let place = specimen.schedule.steps[step].programStep
      if place >= 0 { isKept[specimen.pcpu(of: step)][place] = true }
    }
    let kept = zip(specimen.kept, isKept).map { steps, flags in
      zip(steps, flags).filter(\.1).map(\.0)
    }
    if past.count == specimen.count, kept == specimen.kept { return specimen }
    return tried(specimen, past, kept: kept) ?? specimen
  }

  // MARK: The program

  private struct ProgramPlace: Hashable {
    let pcpu: Int
    let place: Int
  }

  private func withoutProgramSteps(_ specimen: Specimen) -> Specimen {
    var best = specimen
    for pcpu in specimen.kept.indices where !best.kept[pcpu].isEmpty {
      let places = best.kept[pcpu].indices.map { ProgramPlace(pcpu: pcpu, place: $0) }
      best = without(best, places) ?? best
    }
    return minimised(
      best,
      parts: { specimen in
        // The last steps of a pCPU first: the less runs behind a step, the less misses it.
        specimen.kept.indices.flatMap { pcpu in
          specimen.kept[pcpu].indices.reversed().map { ProgramPlace(pcpu: pcpu, place: $0) }
        }
      },
      without: without)
  }

  private func without(_ specimen: Specimen, _ places: [ProgramPlace]) -> Specimen? {
    let dropped = Set(places)
    let kept = specimen.kept.enumerated().map { pcpu, steps in
      steps.enumerated().filter { !dropped.contains(ProgramPlace(pcpu: pcpu, place: $0.offset)) }
        .map(\.element)
    }
    let order = (0..<specimen.count).filter { step in
      !dropped.contains(
        ProgramPlace(
          pcpu: specimen.pcpu(of: step), place: specimen.schedule.steps[step].programStep))
    }
    guard let found = tried(specimen, order, kept: kept) else { return nil }
    // What no longer matters goes at once, without another replay of its own.
    return found
  }

  // MARK: Preemptions

  /// The normal form first, because it costs nothing; then fewer preemptions, each time in normal
  /// form again; one replay at the end confirms it.
  private func withoutPreemptions(_ specimen: Specimen) -> Specimen {
    let found = minimised(
      NormalForm(specimen).found(), parts: \.preemptions,
      without: { specimen, steps in
        let order = specimen.order(withoutPreemptionsAt: steps)
        guard let found = tried(specimen, order, kept: specimen.kept) else { return nil }
        let normal = NormalForm(found).found()
        return normal.preemptions.count < specimen.preemptions.count ? normal : nil
      })
    let confirmed = tried(found, Array(0..<found.count), kept: found.kept)
    return confirmed ?? specimen
  }

  // MARK: The critical pair

  private func criticalPair(_ specimen: Specimen) -> (Int, Int)? {
    func fails(_ order: [Int]) -> Bool? {
      switch trials.run(
        specimen.schedule.reordered(order), kept: specimen.kept, wanted: wanted)
      {
      case .same: return true
      case .other(.finished): return false
      case .other, .impossible: return nil
      }
    }
    var starts = [specimen.serialOrder()]
    starts += specimen.preemptions.map { specimen.order(withoutPreemptionsAt: [$0]) }
    for start in starts where start.count == specimen.count {
      if fails(start) == false { return CriticalPair.found(from: start, fails: fails)?.steps }
    }
    return nil
  }
}
