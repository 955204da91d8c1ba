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
}
