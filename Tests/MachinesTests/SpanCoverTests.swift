import Domain
import Machines
import Testing

@Suite("What range invalidations cover") struct SpanCoverTests {
  private let eight = Stage2Span(first: 16, pages: 8, level: 3)

  private func missed(_ wanted: Stage2Span, _ spans: [Stage2Span]) -> UInt64? {
    var cover = SpanCover(of: wanted)
    for span in spans { cover.add(span) }
    return cover.firstMissed
  }

  @Test func `one that is large enough covers, one that is too short does not`() {
    #expect(missed(eight, [Stage2Span(first: 16, pages: 8)]) == nil)
    #expect(missed(eight, [Stage2Span(first: 0, pages: 512)]) == nil)
    #expect(missed(eight, [Stage2Span(first: 16, pages: 7)]) == 23)
    #expect(missed(eight, [Stage2Span(first: 17, pages: 8)]) == 16)
    #expect(missed(eight, []) == 16)
  }

  @Test func `order and overlap do not matter`() {
    let parts = [(16, 2), (18, 1), (17, 4), (20, 4)].map {
      Stage2Span(first: $0.0, pages: $0.1)
    }
    for rotation in 0..<4 {
      let turned = Array(parts[rotation...] + parts[..<rotation])
      #expect(missed(eight, turned) == nil)
      #expect(missed(eight, turned.reversed()) == nil)
      // Each but the second is needed: page 18 is covered twice.
      #expect(missed(eight, turned.filter { $0 != parts[0] }) == 16)
      #expect(missed(eight, turned.filter { $0 != parts[1] }) == nil)
      #expect(missed(eight, turned.filter { $0 != parts[3] }) == 21)
    }
  }

  @Test func `every second page, and then the others`() {
    let wanted = Stage2Span(first: 0, pages: 100)
    let even = stride(from: UInt64(0), to: 100, by: 2).map { Stage2Span(first: $0, pages: 1) }
    let odd = stride(from: UInt64(1), to: 100, by: 2).map { Stage2Span(first: $0, pages: 1) }
    #expect(missed(wanted, even + odd) == nil)
    #expect(missed(wanted, odd.reversed() + even) == nil)
    #expect(missed(wanted, even) == 1)
    #expect(missed(wanted, even + odd.dropLast()) == 99)
  }

  @Test func `a hint for another level covers nothing`() {
    #expect(missed(eight, [Stage2Span(first: 16, pages: 8, level: 3)]) == nil)
    #expect(missed(eight, [Stage2Span(first: 16, pages: 8, level: 2)]) == 16)
    // Where anything may be there, no hint is right.
    let anything = Stage2Span(first: 16, pages: 8)
    #expect(missed(anything, [Stage2Span(first: 16, pages: 8, level: 3)]) == 16)
    #expect(missed(anything, [Stage2Span(first: 16, pages: 8)]) == nil)
  }

  @Test func `nothing to cover is covered`() {
    #expect(missed(Stage2Span(first: 16, pages: 0), []) == nil)
    #expect(missed(eight, [Stage2Span(first: 18, pages: 0)]) == 16)
  }

  @Test func `a whole tag covers all, stage 1 nothing`() {
    for (what, covers) in [
      (Invalidation.everything, true), (.tag(Tag(1)), true), (.stage1(Tag(1)), false),
      (.stage2(Tag(1), eight), true), (.page(Tag(1), page: 16), false),
    ] {
      var cover = SpanCover(of: eight)
      cover.add(what)
      #expect((cover.firstMissed == nil) == covers, "\(what)")
    }
  }

  /// 65 stretches and more: no page is called missed that is not.
  @Test(arguments: [64, 65, 70, 200])
  func `too many stretches are forgotten from behind`(_ stretches: UInt64) {
    let wanted = Stage2Span(first: 0, pages: 2 * stretches)
    let odd = (0..<stretches).map { Stage2Span(first: 2 * $0 + 1, pages: 1) }
    #expect(missed(wanted, odd) == 0)
    #expect(missed(wanted, odd.reversed()) == 0)
    let even = (0..<stretches).map { Stage2Span(first: 2 * $0, pages: 1) }
    #expect(missed(wanted, odd + even) == nil)
    let holed = odd.reversed() + even.filter { $0.first != 8 }
    #expect(missed(wanted, holed) == 8)
  }

  /// Against a set of pages.
  @Test func `random spans cover what their pages are`() {
    var random = RandomStream(Seed(0x5FA2))
    for _ in 0..<2_000 {
      let wanted = Stage2Span(
        first: random.below(10), pages: random.below(30), level: Int(random.below(4)))
      let spans = (0..<random.below(8)).map { _ in
        Stage2Span(first: random.below(40), pages: random.below(12), level: Int(random.below(4)))
      }
      let covered = spans.filter { $0.level == 0 || $0.level == wanted.level }
        .flatMap { $0.first..<($0.first + $0.pages) }
      let rest = Set(wanted.first..<(wanted.first + wanted.pages)).subtracting(covered)
      #expect(missed(wanted, spans) == rest.min(), "\(wanted) by \(spans)")
    }
  }
}
