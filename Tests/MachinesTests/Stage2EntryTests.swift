import Domain
import Machines
import Testing

@Suite("Entries and shapes of stage-2 tables") struct Stage2EntryTests {
  private let granule4K = TableShape(firstLevel: 1, rootBits: 4, bits: 9)

  @Test func `levels span what the 4 KiB granule says`() {
    #expect([1, 2, 3].map(granule4K.pagesPerEntry) == [262_144, 512, 1])
    #expect([1, 2, 3].map(granule4K.entryCount) == [16, 512, 512])
    #expect(granule4K.pageCount == 16 * 262_144)
    #expect([0, 1, 2, 3].map(granule4K.allowsBlocks) == [false, true, true, false])
  }

  @Test func `the indices of a page lead back to it`() {
    let page: UInt64 = 5 * 262_144 + 77 * 512 + 301
    #expect([1, 2, 3].map { granule4K.index(of: page, $0) } == [5, 77, 301])
    #expect(granule4K.base(of: page, 2) == page - 301)
    #expect(granule4K.base(of: page, 3) == page)
  }

  @Test func `an entry is one of table, leaf, locked, empty`() {
    let table = Stage2Entry(table: 12)
    let leaf = Stage2Entry(frame: 99, of: VMSlot(3), version: 7, isWritable: true)
    for (entry, kinds) in [
      (table, [true, false, false]), (leaf, [false, true, false]),
      (.locked, [false, false, true]), (.empty, [false, false, false]),
      (.poison, [false, true, false]),
    ] {
      #expect([entry.isTable, entry.isLeaf, entry.isLocked] == kinds)
      #expect(entry.isValid == (entry.isTable || entry.isLeaf))
    }
    #expect(table.number == 12)
    #expect(leaf.number == 99 && leaf.slot == VMSlot(3) && leaf.version == 7)
  }

  @Test func `rights and versions change nothing else`() {
    let leaf = Stage2Entry(
      frame: 0x0FFF_FFFF, of: VMSlot(254), version: 0xFF_FFFF, isWritable: true)
    let protected = leaf.writable(false)
    #expect(!protected.isWritable && protected.writable(true) == leaf)
    let changed = protected.changed(5)
    #expect(changed.version == 5 && changed.number == leaf.number && changed.slot == leaf.slot)
    #expect(!changed.isWritable)
  }

  @Test func `freed memory is nobody's`() {
    #expect(Stage2Entry.poison.isLeaf && Stage2Entry.poison.slot == nil)
  }

  @Test func `a span meets what shares a page with it`() {
    let span = Stage2Span(first: 8, pages: 4)
    #expect(span.meets(11, 1) && span.meets(0, 512) && span.meets(7, 2))
    #expect(!span.meets(12, 4) && !span.meets(0, 8))
  }
}
