// Many ranges through one planner and one check.

import RangeInvalidation

/// What a sweep has seen.
public struct Tally: Sendable {
  /// Ranges that were planned.
  public var ranges = 0
  /// Ranges with missing pages, or whose planning went wrong.
  public var failures = 0
  /// Ranges with missing pages.
  public var underCovered = 0
  /// Pages, of all ranges together, that were covered and not wanted.
  public var extra: UInt64 = 0
  /// Most operations for one range.
  public var mostOperations = 0
  /// The first range that failed but should not, or the other way round.
  public var firstSurprise: String?

  /// Nothing yet.
  public init() {}

  mutating func add(
    _ range: PageRange, lpa2: Bool, missing: UInt64, extra: UInt64, operations: Int,
    outcome: PlanOutcome, expected: Bool
  ) {
    ranges += 1
    if missing > 0 { underCovered += 1 }
    let failed = missing > 0 || outcome != .complete
    if failed { failures += 1 }
    self.extra += extra
    mostOperations = max(mostOperations, operations)
    if failed != expected, firstSurprise == nil {
      firstSurprise =
        "\(range)\(lpa2 ? ", lpa2" : ""): \(missing) missing, \(outcome); expected "
        + (expected ? "a failure" : "none")
    }
  }
}

/// Where the sweeps begin: at each start modulo 16 pages, with room below for what is covered there.
public let sweepStarts: Range<UInt64> = 4096..<4112

/// By the oracle.
public func sweepByOracle<Rules: PlannerRules>(
  _ rules: Rules.Type, lpa2: Bool, starts: Range<UInt64> = sweepStarts,
  lengths: some Sequence<UInt64>,
  fails: (UInt64, UInt64, Bool) -> Bool
) -> Tally {
  let planner = RangePlanner<Rules>(features: lpa2 ? [.tlbiRange, .lpa2] : .tlbiRange)
  var tally = Tally()
  for count in lengths {
    for start in starts {
      let range = PageRange(start: start, count: count)
      var operations = 0
      var cover = RangeCover(wanted: range)
      let outcome = planner.forEachOperation(flushing: range) { operation, _ in
        operations += 1
        cover.add(operation, lpa2: lpa2)
      }
      let verdict = cover.verdict
      tally.add(
        range, lpa2: lpa2, missing: verdict.missing, extra: verdict.extra, operations: operations,
        outcome: outcome, expected: fails(start, count, lpa2))
    }
  }
  return tally
}

/// Plans `range` so often; returns the sum of the operands, so that nothing is left out.
@inline(never)
public func planRepeatedly(_ range: PageRange, lpa2: Bool, times: Int) -> UInt64 {
  let planner = CurrentPlanner(features: lpa2 ? [.tlbiRange, .lpa2] : .tlbiRange)
  var sum = UInt64(0)
  for turn in 0..<times {
    let moved = PageRange(start: range.start &+ UInt64(turn & 15) &* 16, count: range.count)
    planner.forEachOperation(flushing: moved) { operation, _ in sum = sum &* 31 &+ operation.bits }
  }
  return sum
}
