// The critical pair: two neighbouring steps of a failing order whose swap makes it pass.

import Machines

/// Searches between a passing order and a failing one of the same steps.
///
/// From one to the other lead swaps of neighbours. The first order passes and the last one fails,
/// so somewhere between them is one swap that makes the difference, and halving finds it. Inside a
/// pCPU both orders agree: no swap is ever between two steps of one.
struct CriticalPair {
  /// The numbers of both steps in the failing order, the earlier one first.
  let steps: (Int, Int)

  /// The pair, if `passing`, an order of the steps 0, 1, 2, ..., passes.
  ///
  /// - Parameter fails: whether an order fails; nil if it does neither.
  static func found(from passing: [Int], fails: ([Int]) -> Bool?) -> CriticalPair? {
    let swaps = swapsToAscending(passing)
    if swaps.isEmpty { return nil }
    var low = 0
    var high = swaps.count
    while high - low > 1 {
      // An order that can't be run is left out: its neighbours are tried instead.
      let middle = (low + high) / 2
      let places = (0..<(high - low)).lazy
        .flatMap { [middle + $0, middle - $0] }
        .filter { low < $0 && $0 < high }
      var isDecided = false
      for place in places.prefix(8) {
        guard let isFailing = fails(order(passing, swaps[..<place])) else { continue }
        if isFailing { high = place } else { low = place }
        isDecided = true
        break
      }
      if !isDecided { return nil }
    }
    let last = swaps[low]
    let before = order(passing, swaps[..<low])
    return CriticalPair(steps: (before[last + 1], before[last]))
  }

  /// The places of an insertion sort's swaps: each is with the next place.
  static func swapsToAscending(_ order: [Int]) -> [Int] {
    var order = order
    var swaps: [Int] = []
    for end in order.indices.dropFirst() {
      var place = end
      while place > 0, order[place - 1] > order[place] {
        order.swapAt(place - 1, place)
        swaps.append(place - 1)
        place -= 1
      }
    }
    return swaps
  }

  private static func order(_ start: [Int], _ swaps: ArraySlice<Int>) -> [Int] {
    var order = start
    for place in swaps { order.swapAt(place, place + 1) }
    return order
  }
}

extension Specimen {
  /// The steps of one pCPU after those of another, in the order in which they first appear.
  ///
  /// Hardware acts for the pCPU that made it act: an invalidation or a call arrives for the one
  /// that sent it. With `failingLast`, the pCPU of the last step comes last: none follows one that
  /// stands in the middle of something then.
  func serialOrder(failingLast: Bool = false) -> [Int] {
    let groups = schedule.steps.indices.map(actsFor)
    var firsts: [Int] = []
    for group in groups where !firsts.contains(group) { firsts.append(group) }
    if failingLast, let last = groups.last {
      firsts.removeAll { $0 == last }
      firsts.append(last)
    }
    return firsts.flatMap { first in groups.indices.filter { groups[$0] == first } }
  }

  private func actsFor(_ step: Int) -> Int {
    let cause: StepKind
    switch schedule.steps[step].kind {
    case .arriveInvalidation: cause = .invalidate
    case .arriveInterrupt: cause = .call
    default: return pcpu(of: step)
    }
    let sender = (0..<step).last { earlier in
      schedule.steps[earlier].kind == cause
        && touches[earlier].contains { touch in
          touches[step].contains { $0.conflicts(with: touch) }
        }
    }
    return pcpu(of: sender ?? step)
  }
}
