// A VM as a set of mapped pages and blocks, and what each variant invalidates when they go: from the
// definitions, one by one, without any table.

/// What is counted.
struct BruteForceEvents: Equatable {
  var leaves = 0
  var ranges = 0
  var pages = 0
  var tags = 0
}

/// The guest of the test, of small tables: 2^`bits` entries each.
struct BruteForceVM {
  /// Something mapped: its first page and how many.
  struct Leaf: Hashable {
    let first: Int
    let count: Int
  }

  let bits: Int
  let hasRanges: Bool
  let hasFWB: Bool
  let hasLPA2: Bool
  private(set) var leaves: Set<Leaf> = []
  /// The two memslots.
  let slots: [Range<Int>]
  private(set) var events = BruteForceEvents()

  private var block: Int { 1 << bits }
  private var gigabyte: Int { 1 << (2 * bits) }
  private var memory: Range<Int> { slots[1] }

  init(bits: Int, gigabytes: Int, vcpus: Int, hasRanges: Bool, hasFWB: Bool, hasLPA2: Bool) {
    self.bits = bits
    self.hasLPA2 = hasLPA2
    self.hasRanges = hasRanges
    self.hasFWB = hasFWB
    let pages = gigabytes << (2 * bits)
    // One page for each stage-1 table that any virtual page of the memory needs; it begins at 3 GB.
    let virtual = (3 << (2 * bits))..<((3 << (2 * bits)) + pages)
    let tables = (1...4).map { level in Set(virtual.map { $0 >> (level * bits) }).count }
    let own = tables.reduce(vcpus, +)
    let gigabyte = 1 << (2 * bits)
    let start = (own + gigabyte - 1) / gigabyte * gigabyte
    slots = [0..<own, start..<(start + pages)]
    for page in 0..<own { leaves.insert(Leaf(first: page, count: 1)) }
  }

  mutating func mapMemory(asBlocks: Bool) {
    for first in stride(from: memory.lowerBound, to: memory.upperBound, by: asBlocks ? block : 1) {
      leaves.insert(Leaf(first: first, count: asBlocks ? block : 1))
    }
  }

  /// Dirty logging has made pages of each block: its first, which was written, and its second half.
  mutating func splitBlocks() {
    for first in stride(from: memory.lowerBound, to: memory.upperBound, by: block) {
      leaves.remove(Leaf(first: first, count: block))
      for page in [0] + Array((block / 2)..<block) {
        leaves.insert(Leaf(first: first + page, count: 1))
      }
    }
  }

  /// Each block takes its pages' place.
  mutating func adjust() {
    for first in stride(from: memory.lowerBound, to: memory.upperBound, by: block) {
      for page in first..<(first + block) {
        if leaves.remove(Leaf(first: page, count: 1)) != nil { events.leaves += 1 }
      }
      if hasRanges { invalidate(first..<(first + block)) } else { events.tags += 1 }
      leaves.insert(Leaf(first: first, count: block))
    }
  }

  /// All goes, by memslot and GB.
  mutating func unmapAll() {
    for slot in slots {
      for start in stride(from: slot.lowerBound, to: slot.upperBound, by: gigabyte) {
        unmap(start..<min(start + gigabyte, slot.upperBound))
      }
    }
  }

  private mutating func unmap(_ piece: Range<Int>) {
    let gone = leaves.filter { piece.contains($0.first) }
    leaves.subtract(gone)
    events.leaves += gone.count
    // Tables in which they stood: of pages one for each block, and above them one for each GB.
    let ofPages = Set(gone.filter { $0.count == 1 }.map { $0.first >> bits }).count
    let above = Set(gone.map { $0.first >> (2 * bits) }).count
    let putsOff = hasRanges && hasFWB
    // A block is named by one of its pages.
    let single = ofPages + above + (putsOff ? 0 : gone.count)
    events.pages += single
    events.tags += single
    if putsOff { invalidate(piece) }
  }

  /// Operations cover 1 to 32 times 2, 64, 2,048 or 65,536 pages; a page alone takes a single one, and so
  /// does, with LPA2, each that is not at 64 KiB. Then stage 1.
  private mutating func invalidate(_ pages: Range<Int>) {
    var rest = pages
    func isAlone(_ rest: Range<Int>) -> Bool {
      rest.count == 1 || (hasLPA2 && rest.lowerBound % 16 != 0)
    }
    for unit in [65536, 2048, 64, 2] {
      while !rest.isEmpty, isAlone(rest) {
        events.pages += 1
        rest.removeFirst()
      }
      let times = min(rest.count / unit, 32)
      if times > 0 { events.ranges += 1 }
      rest = rest.dropFirst(times * unit)
    }
    events.pages += rest.count
    events.tags += 1
  }

  mutating func resetCount() { events = BruteForceEvents() }
}
