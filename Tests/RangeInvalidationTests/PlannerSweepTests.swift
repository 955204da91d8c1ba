// The planner on millions of ranges, by two ways of checking that share nothing: a set of pages, and
// interval arithmetic. Each must also see the planners that are wrong.

import PlannerChecks
import RangeInvalidation
import Testing

@Suite("Range planner, every length") struct PlannerSweepTests {
  private let never: (UInt64, UInt64, Bool) -> Bool = { _, _, _ in false }

  /// All covered, nothing else, few operations.
  private func expectExact(_ tally: Tally, lpa2: Bool, chunks: Int) {
    #expect(tally.failures == 0, "\(tally.firstSurprise ?? "")")
    #expect(tally.extra == 0)
    // Up to a boundary 15 single ones, one range per scale, the last page.
    #expect(tally.mostOperations <= chunks * (lpa2 ? 20 : 5))
    #expect(tally.ranges > 0)
  }

  @Test(arguments: [false, true])
  func `by a set of pages, every length to 20,000`(_ lpa2: Bool) {
    let tally = sweepBySet(DecreasingScale.self, lpa2: lpa2, lengths: Lengths.short, fails: never)
    expectExact(tally, lpa2: lpa2, chunks: 1)
  }

  @Test(arguments: [false, true])
  func `by a set of pages, 64 either side of what one operation can say`(_ lpa2: Bool) {
    let tally = sweepBySet(
      DecreasingScale.self, lpa2: lpa2, lengths: Lengths.nearUnits, fails: never)
    expectExact(tally, lpa2: lpa2, chunks: 2)
  }

  @Test(arguments: [false, true])
  func `by a set of pages, 10,000 lengths to 5,000,000`(_ lpa2: Bool) {
    let tally = sweepBySet(
      DecreasingScale.self, lpa2: lpa2, lengths: Lengths.random(10_000), fails: never)
    expectExact(tally, lpa2: lpa2, chunks: 3)
  }

  @Test(arguments: [false, true])
  func `by intervals, every length to 5,000,000`(_ lpa2: Bool) {
    let tally = sweepEveryLength(.current, lpa2: lpa2, to: 5_000_000)
    expectExact(tally, lpa2: lpa2, chunks: 3)
    #expect(tally.ranges == 80_000_000)
  }

  @Test(arguments: [false, true])
  func `at the end of the address space, too`(_ lpa2: Bool) {
    let end: UInt64 = lpa2 ? 1 << 40 : 1 << 36
    let planner = CurrentPlanner(features: lpa2 ? [.tlbiRange, .lpa2] : .tlbiRange)
    var sweep = IntervalSweep(lpa2: lpa2)
    for count in Lengths.nearUnits {
      let range = PageRange(start: end - count, count: count)
      sweep.begin(from: range.start, count: count)
      planner.forEachOperation(flushing: range) { operation, _ in sweep.add(operation) }
      let (missing, extra) = sweep.finish()
      #expect(missing == 0 && extra == 0, "\(range)")
    }
  }
}

@Suite("Historical planners") struct HistoricalPlannerTests {
  /// All three checks agree with what is known of the version, both ways.
  private func expectKnownFailures<Rules: KnownRules>(
    _ rules: Rules.Type, lpa2: Bool, fewest: Int, least: Int
  ) {
    let known: (UInt64, UInt64, Bool) -> Bool = {
      Rules.failsSomewhere(start: $0, pages: $1, lpa2: $2)
    }
    // 2,097,152 and its neighbours are among those near units.
    let lengths = Array(Lengths.short.prefix(4000)) + Lengths.nearUnits + Lengths.random(100)
    let bySet = sweepBySet(rules, lpa2: lpa2, lengths: lengths, fails: known)
    let byIntervals = sweepByIntervals(rules, lpa2: lpa2, lengths: lengths, fails: known)
    let byOracle = sweepByOracle(rules, lpa2: lpa2, lengths: lengths, fails: known)
    for tally in [bySet, byIntervals, byOracle] {
      #expect(tally.firstSurprise == nil)
      #expect(tally.failures >= fewest)
      #expect(tally.ranges - tally.failures >= least, "some must succeed")
      #expect(tally.underCovered == bySet.underCovered)
    }
    #expect(byOracle.extra == bySet.extra)
  }

  @Test(arguments: [false, true])
  func `masked and decreasing: the most pages, if it begins with a range`(_ lpa2: Bool) {
    expectKnownFailures(MaskedDecreasingScale.self, lpa2: lpa2, fewest: 1, least: 100_000)
  }

  @Test(arguments: [false, true])
  func `increasing: the most pages, and with LPA2 off a boundary`(_ lpa2: Bool) {
    expectKnownFailures(IncreasingScale.self, lpa2: lpa2, fewest: 16, least: 1000)
  }

  @Test(arguments: [false, true])
  func `increasing without the mask: what does not come out even`(_ lpa2: Bool) {
    expectKnownFailures(UnmaskedIncreasingScale.self, lpa2: lpa2, fewest: 100_000, least: 200)
  }

  @Test(arguments: [false, true])
  func `advanced arguments: never in what is issued`(_ lpa2: Bool) {
    expectKnownFailures(ArgumentsAdvanced.self, lpa2: lpa2, fewest: 0, least: 100_000)
  }

  @Test(arguments: [false, true])
  func `every length to 2,100,000 at an aligned and at an odd start`(_ lpa2: Bool) {
    for start in [4096, 4099] as [UInt64] {
      let masked = sweepEveryLength(
        .decreasingMasked, lpa2: lpa2, to: 2_100_000, starts: start..<start + 1)
      let increasing = sweepEveryLength(
        .increasing, lpa2: lpa2, to: 2_100_000, starts: start..<start + 1)
      #expect(masked.firstSurprise == nil)
      #expect(increasing.firstSurprise == nil)
      // From 2,097,152 on each range has a chunk of that length.
      #expect(masked.failures == (lpa2 && start == 4099 ? 0 : 2849))
    }
  }
}

@Suite("Planners with one wrong decision") struct PlannerMutantTests {
  /// Lengths on which a mutant may differ: small ones, and around every scale.
  private let lengths =
    Array(UInt64(1)...200) + [2047, 2048, 2049, 65535, 65536, 65537, 140_000, 2_097_151, 2_097_152]

  /// Set of pages, intervals and oracle each see it: by missing pages, or by those too many.
  private func expectSeen<Rules: PlannerRules>(
    _ rules: Rules.Type, lpa2: Bool, byMissingPages: Bool = true
  ) {
    let never: (UInt64, UInt64, Bool) -> Bool = { _, _, _ in false }
    for tally in [
      sweepBySet(rules, lpa2: lpa2, lengths: lengths, fails: never),
      sweepByIntervals(rules, lpa2: lpa2, lengths: lengths, fails: never),
      sweepByOracle(rules, lpa2: lpa2, lengths: lengths, fails: never),
    ] {
      #expect(tally.failures > 0)
      #expect(byMissingPages ? tally.underCovered > 0 : tally.extra > 0)
    }
  }

  @Test(arguments: [false, true]) func `NUM too small`(_ lpa2: Bool) {
    expectSeen(NumTooSmall.self, lpa2: lpa2)
  }

  /// It covers what nobody asked for, and its count of pages falls below 0.
  @Test(arguments: [false, true]) func `NUM too large`(_ lpa2: Bool) {
    expectSeen(NumTooLarge.self, lpa2: lpa2, byMissingPages: false)
  }

  @Test(arguments: [false, true]) func `the scale stays`(_ lpa2: Bool) {
    expectSeen(ScaleStays.self, lpa2: lpa2)
  }

  @Test(arguments: [false, true]) func `scales are left out`(_ lpa2: Bool) {
    expectSeen(ScaleSkips.self, lpa2: lpa2)
  }

  @Test(arguments: [false, true]) func `the largest scale is left out`(_ lpa2: Bool) {
    expectSeen(StartsBelow.self, lpa2: lpa2)
  }

  /// The scale goes below 0 and comes to an operand that has the page by chance, and others.
  @Test(arguments: [false, true]) func `the last page is left out`(_ lpa2: Bool) {
    expectSeen(NoLastPage.self, lpa2: lpa2, byMissingPages: false)
  }

  @Test func `boundaries are not seen`() { expectSeen(NoBoundary.self, lpa2: true) }

  @Test func `boundaries are seen where none are`() { expectSeen(HalfBoundary.self, lpa2: true) }

  @Test func `the odd page first breaks the alignment`() {
    expectSeen(OddPageFirst.self, lpa2: true)
  }
}
