// What one live pCPU remembers of stage 2 alone. Only its own thread reads or writes the entries.

import Domain

/// One entry; 24 bytes.
struct Stage2CacheEntry: BitwiseCopyable {
  /// tag << 40 | which entry of its level, counted over the whole address space; `emptyKey` for none.
  var key: UInt64
  /// The stage-2 bus's head from before the walk, or from a later look that found it good.
  var stamp: UInt64
  /// The table's entry as it was read.
  var bits: UInt64

  static var empty: Stage2CacheEntry { Stage2CacheEntry(key: emptyKey, stamp: .max, bits: 0) }
  static var emptyKey: UInt64 { .max }
}

/// A direct-mapped cache of entries of one level: either of those that map pages or blocks, looked up by
/// intermediate address, or of those that name tables (a walk cache).
struct Stage2Cache: BitwiseCopyable {
  private static let keyBits: UInt64 = 40

  let level: Int
  /// As in `Stage2Item`.
  let leafLevel: Int
  private let entries: UnsafeMutablePointer<Stage2CacheEntry>
  /// A power of two.
  private let count: Int
  private let shift: UInt64
  /// Guests touch one of so many entries of this level: neighbours in use get places side by side.
  private let spread: UInt64

  init(_ shape: TableShape, level: Int, ofLeaves: Bool, count: Int, in memory: LiveMemory) {
    self.level = level
    leafLevel = ofLeaves ? level : 0
    self.count = count
    shift = shape.shift(level)
    spread = max(1, shape.stride >> shift)
    entries = memory.array(of: count, .empty)
  }

  /// What the entry for `page` under `tag` stands for.
  func item(_ tag: Tag, _ page: UInt64) -> Stage2Item {
    Stage2Item(
      tag: tag, first: (page &>> shift) &<< shift, pages: 1 &<< shift, leafLevel: leafLevel)
  }

  /// What is remembered for `page` under `tag` and good at `now`; nil if nothing is. It is as new then.
  func find(_ tag: Tag, _ page: UInt64, at now: UInt64, _ bus: Stage2Bus) -> Stage2Entry? {
    let entry = place(tag, page)
    guard entry.pointee.key == key(tag, page) else { return nil }
    guard bus.spares(item(tag, page), since: entry.pointee.stamp, now: now) else {
      entry.pointee = .empty
      return nil
    }
    entry.pointee.stamp = now
    return Stage2Entry(bits: entry.pointee.bits)
  }

  /// Remembers `found`, which a walk that began at `stamp` read.
  func fill(_ tag: Tag, _ page: UInt64, _ found: Stage2Entry, at stamp: UInt64) {
    place(tag, page).pointee = Stage2CacheEntry(
      key: key(tag, page), stamp: stamp, bits: found.bits)
  }

  /// Forgets everything.
  func clear() { entries.update(repeating: .empty, count: count) }

  /// Forgets what `span` means under `tag`.
  func clear(_ tag: Tag, _ span: Stage2Span) {
    for place in 0..<count where entries[place].key != Stage2CacheEntry.emptyKey {
      let key = entries[place].key
      guard key &>> Stage2Cache.keyBits == tag.number else { continue }
      let page = (key & (1 &<< Stage2Cache.keyBits &- 1)) &<< shift
      if item(tag, page).isMeant(by: span) { entries[place] = .empty }
    }
  }

  private func key(_ tag: Tag, _ page: UInt64) -> UInt64 {
    tag.number &<< Stage2Cache.keyBits | (page &>> shift)
  }

  private func place(_ tag: Tag, _ page: UInt64) -> UnsafeMutablePointer<Stage2CacheEntry> {
    let number = (page &>> shift) / spread &+ tag.number &* 19
    return entries + Int(truncatingIfNeeded: number & UInt64(count &- 1))
  }
}

/// A pCPU's caches of stage 2.
struct Stage2Caches: BitwiseCopyable {
  /// Entries that map, of each level.
  static let leafCount = 64
  /// Entries that name tables, of each level.
  static let tableCount = 16

  /// By level; the one at 0 stays empty: there are no blocks of that size.
  let leaves: UnsafeMutablePointer<Stage2Cache>
  /// By level; level 3 names no tables.
  let tables: UnsafeMutablePointer<Stage2Cache>

  init(_ shape: TableShape, in memory: LiveMemory) {
    func caches(_ ofLeaves: Bool, _ count: Int) -> UnsafeMutablePointer<Stage2Cache> {
      let first = Stage2Cache(shape, level: 0, ofLeaves: ofLeaves, count: count, in: memory)
      let all = memory.array(of: 4, first)
      for level in 1..<4 {
        all[level] = Stage2Cache(shape, level: level, ofLeaves: ofLeaves, count: count, in: memory)
      }
      return all
    }
    leaves = caches(true, Stage2Caches.leafCount)
    tables = caches(false, Stage2Caches.tableCount)
  }

  /// Forgets everything.
  func clear() {
    for level in 0..<4 {
      leaves[level].clear()
      tables[level].clear()
    }
  }

  /// Forgets what `span` means under `tag`.
  func clear(_ tag: Tag, _ span: Stage2Span) {
    for level in 0..<4 {
      leaves[level].clear(tag, span)
      tables[level].clear(tag, span)
    }
  }
}
