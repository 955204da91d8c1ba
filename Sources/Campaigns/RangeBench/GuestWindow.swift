// What guests pay for invalidations: a model of a vCPU's TLB under the thread's access pattern.
//
// The thread's guests read page after page, and after each up to 512 pages backwards from it. So a vCPU
// keeps coming back to a window of 513 pages.
//
// The model of a TLB, one a vCPU:
// - combined entries, from virtual pages of 4 KiB straight to physical ones, the least recently used given
//   up first. There are at least as many as the window has pages, and one more, 514; cores of today have
//   1,024 to 2,048. So none is given up that is used again, their number has no other effect, and hits
//   need not be followed one by one. (With 513 each page would be given up just before it is used.)
// - 64 entries of stage 2 alone, pages or blocks, the least recently used given up first.
// - no cache of tables.
// A fill reads a descriptor at each of the four levels of stage 1. The page that each stands in and at last
// the page itself are translated by stage 2: by an entry of the TLB, or by a walk that reads one entry at
// each level, three for a page and two for a block. A walk that ends in a fault reads as many.
//
// All vCPUs go in step: each is at the same page at the same time, so that all fault together where a block
// takes a table's place, one of them changes the table, and all lose the same. In the end every vCPU counts
// the same, and one is simulated. Of refills vCPUs that lag behind have as many, but for the blocks at the
// begin and the end and for one page a flush: whenever it comes, it takes a window's pages.

import RangeInvalidation

/// What one collapse of a table takes from TLBs.
public enum GuestFlush: Sendable {
  /// Everything of the VM (VMALLS12E1IS).
  case everything
  /// Of stage 2 the pages of the block; all that was made of stage 1 (RIPAS2E1IS, VMALLE1IS).
  case range

  /// What is flushed on CPUs with these features.
  init(of features: RangeFeatures) {
    self = features.contains(.tlbiRange) ? .range : .everything
  }
}

/// A vCPU that reads all memory, with what its TLB knows of stage 2. What it knows of stage 1 is the
/// window, or a part of it.
struct GuestWindow {
  private let guest: RangeGuest
  private let flush: GuestFlush
  private var stage2 = Stage2Recent()
  private var count = GuestEvents()
  /// Blocks that were mapped again.
  private var collapsed = 0
  /// What the last fill asked of stage 2; nil after a flush.
  private var last: Walk?

  init(_ guest: RangeGuest, flush: GuestFlush) {
    self.guest = guest
    self.flush = flush
  }

  /// What it does.
  func events() -> GuestEvents {
    var run = self
    let block = guest.pagesPerBlock
    for first in stride(from: 0, to: guest.memoryPages, by: block) {
      run.fill(first)
      // The second page is not mapped until the block is.
      run.fault(first + 1)
      run.collapse(first / block)
      run.fill(first + 1)
      let oldest = max(0, first + 1 - guest.window)
      for page in stride(from: first, through: oldest, by: -1) { run.fill(page) }
      run.count.refills += UInt64(first + 1 - oldest)
      for page in (first + 2)..<(first + block) { run.fill(page) }
    }
    run.count.accesses = Self.accesses(guest.memoryPages, window: guest.window)
    return run.count
  }

  /// One for each page, and one for each before it in the window.
  static func accesses(_ pages: Int, window: Int) -> UInt64 {
    let first = min(pages, window)
    return UInt64(pages + first * (first - 1) / 2 + (pages - first) * window)
  }

  /// The pages and blocks that a walk asks stage 2 for.
  private struct Walk: Equatable {
    let tables: Stage1Walk
    /// ~ its number for a block.
    let leaf: Int
  }

  private mutating func collapse(_ block: Int) {
    last = nil
    switch flush {
    case .everything: stage2.removeAll()
    case .range:
      let first = memoryPage + block << guest.bits
      stage2.remove(pages: first..<(first + guest.pagesPerBlock), bits: guest.bits)
    }
    collapsed = block + 1
  }

  private mutating func fill(_ page: Int) {
    let tables = guest.stage1Walk(for: page)
    count.fills += 1
    let block = page >> guest.bits
    let walk = Walk(
      tables: tables, leaf: block < collapsed ? ~(memoryBlock + block) : memoryPage + page)
    if walk == last {
      // These are the last five that were used, so they are there, and their order stays.
      count.walkSteps += 4
      count.stage2Hits += 5
      return
    }
    last = walk
    descend(tables)
    translate(walk.leaf)
  }

  /// A walk that finds nothing at its end. What is not mapped is not remembered.
  private mutating func fault(_ page: Int) {
    descend(guest.stage1Walk(for: page))
    count.walkSteps += 3
    count.faults += 1
    last = nil
  }

  /// Through stage 1.
  private mutating func descend(_ tables: Stage1Walk) {
    for table in [tables.level0, tables.level1, tables.level2, tables.level3] {
      translate(table)
      count.walkSteps += 1
    }
  }

  /// Through stage 2.
  private mutating func translate(_ entry: Int) {
    if stage2.contains(entry) {
      count.stage2Hits += 1
    } else {
      count.walkSteps += entry < 0 ? 2 : 3
      stage2.insert(entry)
    }
  }

  private var memoryPage: Int { Int(guest.memory.start) }
  private var memoryBlock: Int { memoryPage >> guest.bits }
}

/// Stage-2 entries of a TLB, the most recently used first: a page's number, or ~ a block's.
struct Stage2Recent {
  /// How many there are.
  static let capacity = 64

  private var entries: [Int] = []

  /// Whether `entry` is there; then it is the most recently used.
  mutating func contains(_ entry: Int) -> Bool {
    if entries.first == entry { return true }
    guard let place = entries.firstIndex(of: entry) else { return false }
    for index in stride(from: place, to: 0, by: -1) { entries[index] = entries[index - 1] }
    entries[0] = entry
    return true
  }

  /// Puts a new one in.
  mutating func insert(_ entry: Int) {
    if entries.count == Self.capacity { entries.removeLast() }
    entries.insert(entry, at: 0)
  }

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Removes what maps any of `pages`; blocks have 2^`bits`.
  mutating func remove(pages: Range<Int>, bits: Int) {
    entries.removeAll { entry in
      let first = entry < 0 ? ~entry << bits : entry
      let count = entry < 0 ? 1 << bits : 1
      return first < pages.upperBound && pages.lowerBound < first + count
    }
  }
}
