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
    var best = withoutProgramSteps(withoutWhatDoesNotMatter(first))
    let before = trials.replays
    best = withoutPreemptions(best)
    let forPreemptions = trials.replays - before
    // A smaller program may show it in an execution that is no part of this one.
    while let smaller = smaller(than: best) { best = smaller }
    let beforePair = trials.replays
    let pair = criticalPair(best)
    return ShrinkResult(
      schedule: best.schedule, programSteps: best.kept, eventsBefore: first.count,
      eventsAfter: best.count,
      rows: foldedRows(
        best.schedule.steps, touches: best.touches, pcpuCount: best.schedule.pcpuCount,
        alone: Set([best.count - 1] + (pair.map { [$0.0, $0.1] } ?? []))),
      preemptionsBefore: first.preemptions.count, preemptionsAfter: best.preemptions.count,
      replays: trials.replays, replaysForPreemptions: forPreemptions,
      replaysForPair: trials.replays - beforePair, searches: trials.searches,
      verdictCounts: trials.verdictCounts,
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
  ///
  /// A program step that is begun and was ended stays whole: a pCPU that has come to its end can be
  /// left without a preemption.
  private func withoutWhatDoesNotMatter(_ specimen: Specimen) -> Specimen {
    var ends = specimen.ends
    for pcpu in specimen.kept.indices {
      let steps = specimen.happensBefore.stepsOfAgent[pcpu]
      let past = Set(specimen.happensBefore.past(of: specimen.ends))
      guard let last = steps.last(where: past.contains), last != specimen.count - 1 else {
        continue
      }
      let programStep = specimen.schedule.steps[last].programStep
      let rest = steps.filter { specimen.schedule.steps[$0].programStep == programStep }
      let isEnded = rest.last != steps.last || !specimen.couldGoOn.contains(pcpu)
      if isEnded, let end = rest.last { ends.append(end) }
    }
    let past = specimen.happensBefore.past(of: ends)
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

  private struct ProgramPlace: Equatable {
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
    let kept = dropping(places, from: specimen.kept)
    let order = (0..<specimen.count).filter { step in
      !places.contains(
        ProgramPlace(
          pcpu: specimen.pcpu(of: step), place: specimen.schedule.steps[step].programStep))
    }
    return tried(specimen, order, kept: kept)
  }

  // MARK: Other executions

  /// A shrunk execution of a smaller program, or of the same with fewer preemptions.
  private func smaller(than best: Specimen) -> Specimen? {
    for places in smallerPrograms(best) {
      let kept = dropping(places, from: best.kept)
      if let found = searched(kept, best.preemptions.count, best) { return found }
    }
    if best.preemptions.isEmpty { return nil }
    let found = searched(best.kept, best.preemptions.count - 1, best)
    return found.flatMap { $0.preemptions.count < best.preemptions.count ? $0 : nil }
  }

  private func smallerPrograms(_ best: Specimen) -> [[ProgramPlace]] {
    let pcpus = best.kept.indices.filter { !best.kept[$0].isEmpty }
    let whole = pcpus.map { pcpu in
      best.kept[pcpu].indices.map { ProgramPlace(pcpu: pcpu, place: $0) }
    }
    return whole + whole.filter { $0.count > 1 }.flatMap { $0.map { [$0] } }
  }

  private func searched(_ kept: [[Int]], _ preemptions: Int, _ best: Specimen) -> Specimen? {
    let found = trials.searched(
      kept: kept, preemptions: preemptions, horizon: best.count, wanted: wanted)
    return found.map { withoutPreemptions(withoutProgramSteps(withoutWhatDoesNotMatter($0))) }
  }

  private func dropping(_ places: [ProgramPlace], from kept: [[Int]]) -> [[Int]] {
    kept.enumerated().map { pcpu, steps in
      steps.enumerated().filter { !places.contains(ProgramPlace(pcpu: pcpu, place: $0.offset)) }
        .map(\.element)
    }
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
    let quiet = withoutFills(found)
    let confirmed = tried(quiet, Array(0..<quiet.count), kept: quiet.kept)
    return confirmed ?? specimen
  }

  /// Fills that nobody asked for and that make no difference, those that interrupt nobody included.
  private func withoutFills(_ specimen: Specimen) -> Specimen {
    minimised(
      specimen,
      parts: { specimen in
        specimen.schedule.steps.indices.filter {
          specimen.schedule.steps[$0].kind == .fillUnasked
        }
      },
      without: { specimen, fills in
        let order = (0..<specimen.count).filter { !fills.contains($0) }
        guard let found = tried(specimen, order, kept: specimen.kept) else { return nil }
        let isBetter =
          found.count < specimen.count
          && found.preemptions.count <= specimen.preemptions.count
        return isBetter ? found : nil
      })
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
