// The second way to check a plan: interval arithmetic. It shares nothing with the oracle or with the
// set of pages, and reads the operands' bits by division.

import RangeInvalidation

/// First and one-behind-last page.
private typealias Interval = (from: UInt64, to: UInt64)

/// Joins what the operations of one flush cover, in whatever order they come. Owns memory that many
/// checks use one after the other.
public struct IntervalSweep: ~Copyable {
  private var from: UInt64 = 0
  private var to: UInt64 = 0
  private let unit: UInt64
  /// Everything in `from ..< reached` is covered.
  private var reached: UInt64 = 0
  /// Operations that began behind `reached` when they came.
  private let later: UnsafeMutablePointer<Interval>
  private var laterCount = 0
  /// Pages of all operations, doubles counted twice.
  private var total: UInt64 = 0

  /// For operands in pages, or with LPA2 in units of 64 KiB.
  public init(lpa2: Bool) {
    unit = lpa2 ? 16 : 1
    later = .allocate(capacity: Self.mostLater)
  }

  deinit { later.deallocate() }

  /// Nothing of `count` pages from `from` on is covered yet.
  @inline(__always)
  public mutating func begin(from: UInt64, count: UInt64) {
    self.from = from
    to = from + count
    reached = from
    laterCount = 0
    total = 0
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
      precondition(laterCount < Self.mostLater, "more gaps than any planner here leaves")
      later[laterCount] = interval
      laterCount += 1
    }
  }

  /// Pages that are not covered, and how many pages too many were (doubles too).
  @inline(__always)
  public mutating func finish() -> (missing: UInt64, extra: UInt64) {
    if reached >= to, laterCount == 0 { return (0, total - (to - from)) }
    return finishWithGaps()
  }

  private mutating func finishWithGaps() -> (missing: UInt64, extra: UInt64) {
    var missing = UInt64(0)
    let pieces = UnsafeBufferPointer(start: later, count: laterCount)
    for next in pieces.sorted(by: { $0.from < $1.from }) {
      let start = min(next.from, to)
      if start > reached { missing += start - reached }
      reached = max(reached, next.to)
    }
    if reached < to { missing += to - reached }
    return (missing, total - (to - from - missing))
  }

  private static let mostLater = 4096

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

/// By interval arithmetic.
public func sweepByIntervals<Rules: PlannerRules>(
  _ rules: Rules.Type, lpa2: Bool, starts: Range<UInt64> = sweepStarts,
  lengths: some Sequence<UInt64>,
  fails: (UInt64, UInt64, Bool) -> Bool
) -> Tally {
  let planner = RangePlanner<Rules>(features: lpa2 ? [.tlbiRange, .lpa2] : .tlbiRange)
  var tally = Tally()
  var sweep = IntervalSweep(lpa2: lpa2)
  for count in lengths {
    for start in starts {
      let range = PageRange(start: start, count: count)
      var operations = 0
      sweep.begin(from: start, count: count)
      let outcome = planner.forEachOperation(flushing: range) { operation, _ in
        operations += 1
        sweep.add(operation)
      }
      let (missing, extra) = sweep.finish()
      tally.add(
        range, lpa2: lpa2, missing: missing, extra: extra, operations: operations,
        outcome: outcome, expected: fails(start, count, lpa2))
    }
  }
  return tally
}

/// Every length to `limit`, held against the known failures, by intervals. Takes the version as a
/// value: only what is called with a type in this file is specialised.
public func sweepEveryLength(
  _ version: PlannerVersion, lpa2: Bool, to limit: UInt64, starts: Range<UInt64> = sweepStarts
) -> Tally {
  func sweep<Rules: KnownRules>(_ rules: Rules.Type) -> Tally {
    sweepByIntervals(rules, lpa2: lpa2, starts: starts, lengths: 1...limit) {
      Rules.failsSomewhere(start: $0, pages: $1, lpa2: $2)
    }
  }
  return switch version {
  case .current: sweep(DecreasingScale.self)
  case .argumentsAdvanced: sweep(ArgumentsAdvanced.self)
  case .decreasingMasked: sweep(MaskedDecreasingScale.self)
  case .increasing: sweep(IncreasingScale.self)
  case .increasingUnmasked: sweep(UnmaskedIncreasingScale.self)
  }
}
