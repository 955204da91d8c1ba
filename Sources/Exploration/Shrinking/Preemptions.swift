// Taking preemptions away: the pCPU that was interrupted simply goes on.

import Machines

extension Specimen {
  /// The order of the steps without the preemptions at `steps`.
  ///
  /// What the interrupted pCPU did next comes before those who interrupted it. If it did nothing
  /// any more, its last run comes after the one that interrupted it. A fill that nobody asked for
  /// needs not happen at all.
  func order(withoutPreemptionsAt steps: [Int]) -> [Int] {
    var order = Array(0..<count)
    for step in steps {
      guard let place = order.firstIndex(of: step) else { continue }
      if schedule.steps[step].kind == .fillUnasked {
        order.remove(at: place)
        continue
      }
      guard let before = order[..<place].lastIndex(where: isPCPU) else { continue }
      let agent = schedule.steps[order[before]].agent
      func isSame(_ other: Int) -> Bool { schedule.steps[other].agent == agent }
      if let first = order[place...].firstIndex(where: isSame) {
        let end = order[first...].firstIndex { !isSame($0) } ?? order.count
        move(&order, first..<end, to: place)
      } else {
        let first = order[..<place].lastIndex { !isSame($0) }.map { $0 + 1 } ?? 0
        let other = schedule.steps[step].agent
        let end = order[place...].firstIndex { schedule.steps[$0].agent != other } ?? order.count
        move(&order, place..<end, to: first)
      }
    }
    return order
  }

  /// Moves `range` back to `place`.
  private func move(_ order: inout [Int], _ range: Range<Int>, to place: Int) {
    let moved = order[range]
    order.removeSubrange(range)
    order.insert(contentsOf: moved, at: place)
  }
}
