// Rare events without a random number for each chance: the distance to the next one is drawn.

import Domain

/// Counts down to an event that happens once in `period` chances, on average.
struct Countdown {
  private let period: UInt64
  private var left: UInt64

  /// The first event is as far away as any; `period` 0: there is none.
  init(every period: Int, _ random: inout RandomStream) {
    self.period = UInt64(period)
    left = .max
    if period > 0 { left = drawDistance(&random) }
  }

  /// Whether the event happens at this chance.
  @inline(__always)
  mutating func tick(_ random: inout RandomStream) -> Bool {
    left &-= 1
    if left != 0 { return false }
    left = drawDistance(&random)
    return true
  }

  /// 1 to 2 * period - 1, evenly: `period` on average.
  private func drawDistance(_ random: inout RandomStream) -> UInt64 {
    1 + random.below(2 * period - 1)
  }
}
