// The second way to check a plan: interval arithmetic. It shares nothing with the oracle or with the
// set of pages, and reads the operands' bits by division.

import RangeInvalidation

/// First and one-behind-last page.
private typealias Interval = (from: UInt64, to: UInt64)

/// Joins what the operations of one flush cover, in whatever order they come.
public struct IntervalSweep {
  private let from: UInt64
  private let to: UInt64
  private let unit: UInt64
  /// Everything in `from ..< reached` is covered.
  private var reached: UInt64
  /// Operations that began behind `reached` when they came.
  private var later: [Interval] = []
  /// Pages of all operations, doubles counted twice.
  private var total: UInt64 = 0

  /// Nothing is covered yet.
  public init(from: UInt64, count: UInt64, lpa2: Bool) {
    self.from = from
    to = from + count
    unit = lpa2 ? 16 : 1
    reached = from
  }

  /// An operation was issued.
  @inline(__always)
  public mutating func add(_ operation: RangeOperation) {
    let interval =
      switch operation {
      case .page(let operand): single(operand.bits)
      case .range(let operand): range(operand.bits)
      }
    total += interval.to - interval.from
    if interval.from <= reached {
      reached = max(reached, interval.to)
    } else {
      later.append(interval)
    }
  }

  /// Pages that are not covered, and how many pages too many were (doubles too).
  public mutating func finish() -> (missing: UInt64, extra: UInt64) {
    if reached >= to, later.isEmpty { return (0, total - (to - from)) }
    var missing = UInt64(0)
    for next in later.sorted(by: { $0.from < $1.from }) {
      let start = min(next.from, to)
      if start > reached { missing += start - reached }
      reached = max(reached, next.to)
    }
    if reached < to { missing += to - reached }
    return (missing, total - (to - from - missing))
  }

  @inline(__always)
  private func single(_ bits: UInt64) -> Interval {
    let page = bits % 17_592_186_044_416
    return (page, page + 1)
  }

  @inline(__always)
  private func range(_ bits: UInt64) -> Interval {
    let base = bits % 137_438_953_472 * unit
    // Granule, scale, num: 2, 2 and 5 bits above bit 39.
    let fields = bits / 549_755_813_888 % 512
    guard fields / 128 == 1 else { return (base, base) }
    let units = fields % 32 + 1
    return switch fields / 32 % 4 {
    case 0: (base, base + units * 2)
    case 1: (base, base + units * 64)
    case 2: (base, base + units * 2048)
    default: (base, base + units * 65536)
    }
  }
}
