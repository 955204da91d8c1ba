// Fewer preemptions, and the two steps on which the finding depends.

import Machines

extension ShrinkAttempt {
  // MARK: Preemptions

  /// The normal form first, because it costs nothing; then fewer preemptions, each time in normal
  /// form again; one replay at the end confirms it.
  func withoutPreemptions(_ specimen: Specimen) -> Specimen {
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

  func criticalPair(_ specimen: Specimen) -> (Int, Int)? {
    func fails(_ order: [Int]) -> Bool? {
      switch trials.run(
        specimen.schedule.reordered(order), kept: specimen.kept, wanted: wanted)
      {
      case .same: return true
      case .other(.finished): return false
      case .other, .impossible: return nil
      }
    }
    var starts = [specimen.serialOrder(), specimen.serialOrder(failingLast: true)]
    starts += specimen.preemptions.map { specimen.order(withoutPreemptionsAt: [$0]) }
    for start in starts where start.count == specimen.count {
      if fails(start) == false { return CriticalPair.found(from: start, fails: fails)?.steps }
    }
    return nil
  }
}
