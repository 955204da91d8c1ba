// Other executions: where pieces of one execution cannot go, another one of a smaller program may
// still show the finding.

import Machines

extension ShrinkAttempt {
  /// A shrunk execution of a smaller program, or of the same with fewer preemptions.
  func smaller(than best: Specimen) -> Specimen? {
    for places in smallerPrograms(best) {
      let kept = dropping(places, from: best.kept)
      if let found = searched(kept, best.preemptions.count, best) { return found }
    }
    return calmer(than: best)
  }

  /// A shrunk execution of the same program with fewer preemptions: with the fewest that there can
  /// be, unless there are too many executions to look at all of them.
  private func calmer(than best: Specimen) -> Specimen? {
    let count = best.preemptions.count
    if count == 0 { return nil }
    var found: Specimen?
    switch trials.enumerated(kept: best.kept, fewerThan: count, wanted: wanted) {
    case .found(let specimen): found = shrunk(specimen)
    case .nowhere: return nil
    case .unknown: found = searched(best.kept, count - 1, best)
    }
    return found.flatMap { $0.preemptions.count < count ? $0 : nil }
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
    return found.map(shrunk)
  }

  private func shrunk(_ specimen: Specimen) -> Specimen {
    withoutPreemptions(withoutProgramSteps(withoutWhatDoesNotMatter(specimen)))
  }
}
