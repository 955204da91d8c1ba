// Every order of steps, one execution after the other, without any reduction. Shares no code with
// the searches: what they find is measured by it.

import Domain
import Exploration

/// Takes the first option wherever it comes for the first time, and the next one each time it comes
/// back.
final class EveryInterleaving: Strategy {
  private var path: [(option: Int, count: Int)] = []
  private var depth = 0

  override func begin(_ seed: Seed, _ shape: ProgramShape) { depth = 0 }

  override func choose(_ point: DecisionPoint) -> Int {
    var rest = point.enabled.bits
    for _ in 0..<option(of: rest.nonzeroBitCount) { rest &= rest - 1 }
    return rest.trailingZeroBitCount
  }

  override func chooseValue(below count: Int) -> Int { option(of: count) }

  private func option(of count: Int) -> Int {
    if depth == path.count { path.append((0, count)) }
    precondition(path[depth].count == count, "the program does not repeat")
    depth += 1
    return path[depth - 1].option
  }

  /// Prepares the next execution; false when there is none.
  func advance() -> Bool {
    while let last = path.popLast() {
      if last.option + 1 < last.count {
        path.append((last.option + 1, last.count))
        return true
      }
    }
    return false
  }
}
