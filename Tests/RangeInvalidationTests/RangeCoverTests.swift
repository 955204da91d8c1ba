// O10 against a set of pages, on plans and on anything else.

import PlannerChecks
import RangeInvalidation
import Testing

@Suite("O10 RangeCover") struct RangeCoverTests {
  private let wanted = PageRange(start: 100, count: 50)

  private func verdict(_ pieces: [(UInt64, UInt64)]) -> RangeCoverVerdict {
    var cover = RangeCover(wanted: wanted)
    for (start, count) in pieces { cover.add(PageRange(start: start, count: count)) }
    return cover.verdict
  }

  @Test func `the same pages, in one piece, in two, in any order`() {
    for pieces in [[(100, 50)], [(100, 20), (120, 30)], [(120, 30), (100, 20)]]
      as [[(UInt64, UInt64)]]
    {
      let verdict = verdict(pieces)
      #expect(verdict.isCovered && verdict.extra == 0 && verdict.isExact)
    }
  }

  @Test func `nothing, and no operation at all`() {
    #expect(verdict([]).missing == 50)
    #expect(verdict([]).firstMissing == 100)
    #expect(RangeCover(wanted: PageRange(start: 5, count: 0)).verdict.isCovered)
  }

  @Test(
    arguments: [
      ([(101, 49)], 1, 100, 0), ([(100, 49)], 1, 149, 0), ([(100, 10), (111, 39)], 1, 110, 0),
      ([(90, 10)], 50, 100, 10), ([(150, 10)], 50, 100, 10), ([(90, 20), (140, 20)], 30, 110, 20),
    ] as [([(UInt64, UInt64)], UInt64, UInt64, UInt64)])
  func `what is missed, which first, and what is too much`(
    _ pieces: [(UInt64, UInt64)], _ missing: UInt64, _ first: UInt64, _ extra: UInt64
  ) {
    let verdict = verdict(pieces)
    #expect(verdict.missing == missing)
    #expect(verdict.firstMissing == first)
    #expect(verdict.extra == extra)
  }

  @Test func `overlaps count once`() {
    #expect(verdict([(90, 30), (95, 60), (90, 70)]).extra == 20)
  }

  @Test func `a dropped operation is seen, whichever it is`() {
    let range = PageRange(start: 13, count: 2_097_151)
    let planner = CurrentPlanner(features: [.tlbiRange, .lpa2])
    let operations = Array(planner.operations(for: range))
    for dropped in operations.indices {
      var cover = RangeCover(wanted: range)
      for (index, operation) in operations.enumerated() where index != dropped {
        cover.add(operation, lpa2: true)
      }
      let lost = operations[dropped].covered(lpa2: true)
      #expect(cover.verdict.missing == lost.count)
      #expect(cover.verdict.firstMissing == lost.start)
    }
  }

  @Test func `random pieces: the same figures as a set of pages`() {
    let set = PageSet(limit: 1024)
    for seed in 0..<20_000 as Range<UInt64> {
      var state = seed &* 0x9E37_79B9_7F4A_7C15
      func next(_ limit: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % limit
      }
      let wanted = PageRange(start: 200 + next(100), count: 1 + next(300))
      var cover = RangeCover(wanted: wanted)
      for _ in 0..<next(16) {
        let piece = PageRange(start: next(700), count: next(120))
        cover.add(piece)
        set.insert(piece)
      }
      let (missing, extra) = set.takeDifference(from: wanted)
      #expect(cover.verdict.missing == missing, "seed \(seed)")
      #expect(cover.verdict.extra == extra, "seed \(seed)")
      #expect((cover.verdict.firstMissing == nil) == (missing == 0))
    }
  }

  @Test func `more pieces than it holds: it says so, and claims no page that was reached`() {
    var cover = RangeCover(wanted: PageRange(start: 0, count: 1000))
    for piece in 0..<100 as Range<UInt64> { cover.add(PageRange(start: piece * 10, count: 5)) }
    #expect(!cover.verdict.isExact)
    #expect(cover.verdict.missing > 0)
    #expect(cover.verdict.missing <= 500)
  }
}
