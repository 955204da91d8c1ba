// What a live pCPU has of its own for tables with levels, and its walks.

import Domain
import Synchronization

/// What all pCPUs share.
struct SharedStage2 {
  let shape: TableShape
  let bus: Stage2Bus
  let promises: Stage2Promises
  let writes: Stage2Writes

  init(_ shape: TableShape, _ vmSlots: Int, _ pagesPerVM: Int, in memory: LiveMemory) {
    precondition((1...255).contains(vmSlots), "an entry names one of 255 VM slots")
    precondition(
      pagesPerVM > 0 && UInt64(pagesPerVM - 1) * shape.stride < shape.pageCount,
      "guests touch pages of the address space")
    self.shape = shape
    bus = Stage2Bus(in: memory)
    promises = Stage2Promises(
      vmSlots: vmSlots, pagesPerVM: pagesPerVM, stride: shape.stride, in: memory)
    writes = Stage2Writes(
      vmSlots: vmSlots, pagesPerVM: pagesPerVM, stride: shape.stride, in: memory)
  }
}

/// One pCPU's stage-2 hardware. Its thread alone touches it.
@usableFromInline
struct LiveStage2 {
  /// So many operations may be on their way at once; one more waits for the first.
  static let pendingLimit = 4

  let shape: TableShape
  let bus: Stage2Bus
  let promises: Stage2Promises
  let writes: Stage2Writes
  let caches: Stage2Caches

  // Of the installed context.
  var tablePages: LiveWord
  var tableWordCount = 0
  var slot = 0

  /// Issued and not yet on the bus, oldest first.
  var pending: [(tag: Tag, span: Stage2Span)] = []
  /// Whether something else took effect while these were pending.
  var isOvertaken = false

  /// What is issued between the beginning and the end of a flush (O10).
  var cover: SpanCover?

  init(_ shared: SharedStage2, in memory: LiveMemory) {
    shape = shared.shape
    bus = shared.bus
    promises = shared.promises
    writes = shared.writes
    caches = Stage2Caches(shape, in: memory)
    tablePages = memory.word(initially: 0, named: "no tables")
    pending.reserveCapacity(LiveStage2.pendingLimit)
  }

  /// What a look for a page found.
  struct Found {
    /// Not valid: nothing is mapped.
    var entry: Stage2Entry
    /// Where `entry` stands.
    var level: Int
    /// Words that were read from tables.
    var steps: UInt64 = 0
    /// By level: the entries on the way that name tables, as they were read.
    var tables = InlineArray<3, Stage2Entry>(repeating: .empty)
  }

  /// Looks for `page` in the caches and then in the tables, as they stand for somebody who begins at
  /// `now`, the bus's head. What it reads counts, and is remembered, if it `stillHolds`.
  mutating func find(_ page: UInt64, _ tag: Tag, root: LiveWord, at now: UInt64) -> Found {
    for level in stride(from: 3, through: 1, by: -1) {
      if let leaf = caches.leaves[level].find(tag, page, at: now, bus) {
        return Found(entry: leaf, level: level)
      }
    }
    return walk(page, tag, root: root, at: now)
  }

  /// Walks from the deepest table that is remembered and good at `now`, or from the root.
  private mutating func walk(_ page: UInt64, _ tag: Tag, root: LiveWord, at now: UInt64) -> Found {
    var found = Found(entry: .empty, level: shape.firstLevel)
    var table: LiveWord? = root
    for level in stride(from: 2, through: shape.firstLevel, by: -1) {
      guard let pointer = caches.tables[level].find(tag, page, at: now, bus) else { continue }
      table = words(of: pointer)
      found.level = level + 1
      break
    }
    while let words = table {
      // Acquire: what made the table comes before its entry.
      let word = words.advanced(by: shape.index(of: page, found.level)).address
      found.entry = Stage2Entry(bits: word.pointee.load(ordering: .acquiring))
      found.steps += 1
      if !found.entry.isTable {
        // There are no blocks of 512 GiB: such an entry translates nothing.
        if found.level == 0 { found.entry = .empty }
        return found
      }
      // Only memory that is no table any more names one from the last level.
      if found.level == 3 { break }
      found.tables[found.level] = found.entry
      table = self.words(of: found.entry)
      found.level += 1
    }
    found.entry = .poison
    return found
  }

  /// The words of the table that `pointer` names; nil if there is none of that number: memory that is no
  /// table any more was taken for one.
  private mutating func words(of pointer: Stage2Entry) -> LiveWord? {
    let place = Int(pointer.number) << shape.bits
    return place + 1 << shape.bits <= tableWordCount ? tablePages.advanced(by: place) : nil
  }

  /// Whether nothing that came since `stamp` was meant for what was found, nor for a table on the way to it:
  /// hardware has ended all walks through a table when an operation that is meant for it is complete, but here
  /// one may go on. An operation for a table names one of the pages that it spans, seldom the walk's own.
  mutating func stillHolds(_ found: Found, _ page: UInt64, _ tag: Tag, since stamp: UInt64) -> Bool
  {
    let now = bus.stamp
    return bus.spares(caches.leaves[found.level].item(tag, page), since: stamp, now: now)
      && (shape.firstLevel..<found.level).allSatisfy { level in
        bus.spares(caches.tables[level].item(tag, page), since: stamp, now: now)
      }
  }

  /// Remembers what a walk that began at `stamp` has read, and that still holds. It gets the head of the
  /// walk's start: an operation that comes later removes it from the caches.
  mutating func remember(_ found: Found, _ page: UInt64, _ tag: Tag, at stamp: UInt64) {
    guard found.steps > 0 else { return }
    for level in 0..<3 where found.tables[level].isTable {
      caches.tables[level].fill(tag, page, found.tables[level], at: stamp)
    }
    if found.entry.isLeaf { caches.leaves[found.level].fill(tag, page, found.entry, at: stamp) }
  }
}
