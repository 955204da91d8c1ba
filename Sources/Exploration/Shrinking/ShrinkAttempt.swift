// One attempt to shrink a finding: which steps in which order, and first of all less of everything.

import Domain
import Machines

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
      isMinimal: !trials.isExhausted && !trials.lastEnumerationGaveUp, criticalPair: pair)
  }

  /// Replays `order`, steps of `specimen`, on the program steps `kept`; nil if the finding is gone.
  func tried(_ specimen: Specimen, _ order: [Int], kept: [[Int]]) -> Specimen? {
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
  func withoutWhatDoesNotMatter(_ specimen: Specimen) -> Specimen {
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

  struct ProgramPlace: Equatable {
    let pcpu: Int
    let place: Int
  }

  func withoutProgramSteps(_ specimen: Specimen) -> Specimen {
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

  func without(_ specimen: Specimen, _ places: [ProgramPlace]) -> Specimen? {
    let kept = dropping(places, from: specimen.kept)
    let order = (0..<specimen.count).filter { step in
      !places.contains(
        ProgramPlace(
          pcpu: specimen.pcpu(of: step), place: specimen.schedule.steps[step].programStep))
    }
    return tried(specimen, order, kept: kept)
  }

  func dropping(_ places: [ProgramPlace], from kept: [[Int]]) -> [[Int]] {
    kept.enumerated().map { pcpu, steps in
      steps.enumerated().filter { !places.contains(ProgramPlace(pcpu: pcpu, place: $0.offset)) }
        .map(\.element)
    }
  }
}
