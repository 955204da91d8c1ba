// O7 and O8: the tag and the id of an entry.

import Domain
import Oracles
import Testing

@Suite("O7 and O8: entries") struct EntryOracleTests {
  @Test(arguments: [1, 2, 15, 255, 65_535] as [UInt64])
  func `O7: tags from 1 to the highest are in range, and no others`(_ highest: UInt64) {
    for tag in [1, (highest + 1) / 2, highest] {
      #expect(EntryVerdict.isInRange(Tag(tag), highest: highest))
    }
    for tag in [0, highest + 1, highest + 2, 1 << 32, .max] {
      #expect(!EntryVerdict.isInRange(Tag(tag), highest: highest))
    }
  }

  private func judge(
    generation: UInt64, previous: UInt64, published: UInt64 = 3, entered: UInt64 = 3
  ) -> EntryVerdict? {
    EntryVerdict.judgeIdentity(
      generation: generation, previous: previous, published: published, entered: entered)
  }

  @Test func `O8 fires when the generation goes back`() {
    #expect(judge(generation: 4, previous: 5) == .generationWentBack)
    #expect(judge(generation: 0, previous: .max) == .generationWentBack)
  }

  @Test func `O8 fires when the hardware gets another number than was published`() {
    #expect(
      judge(generation: 5, previous: 5, published: 3, entered: 4)
        == .numberChangedAfterPublication)
    #expect(
      judge(generation: 5, previous: 5, published: 3, entered: 0)
        == .numberChangedAfterPublication)
  }

  @Test func `where none was published any number may be entered with`() {
    #expect(judge(generation: 5, previous: 5, published: 0, entered: 4) == nil)
  }

  @Test func `the same generation and any later one are right`() {
    #expect(judge(generation: 5, previous: 5) == nil)
    #expect(judge(generation: 6, previous: 5) == nil)
    #expect(judge(generation: .max, previous: 0) == nil)
    #expect(judge(generation: 0, previous: 0) == nil)
  }
}
