// The judge's own idea of TLBs where tables have levels: dictionaries of what was found where, and for
// O10 a set of pages. Shares no code with the engine, nor with the entries' own accessors.

import Domain
import Machines

struct JudgedTables {
  /// Somebody who translates.
  struct Walker {
    let core: Int
    let tag: UInt64
    let slot: Int
    let owner: UInt64
    let vcpu: UInt64
    let root: Int
    /// The first word of what tables below the root are made of.
    let pool: Int
    let isStale: Bool
  }

  private struct Leaf {
    let owner: UInt64
    let level: Int
    let version: UInt64
    let isWritable: Bool
    let isForeign: Bool
  }

  private struct PageKey: Hashable {
    let core: Int
    let tag: UInt64
    let page: Int
  }

  private struct TableKey: Hashable {
    let core: Int
    let tag: UInt64
    let level: Int
    /// Which of the entries of that level, in the whole address space.
    let index: UInt64
  }

  private struct Table {
    let word: Int
    let pool: Int
    let owner: UInt64
  }

  private struct PromiseKey: Hashable {
    let slot: Int
    let page: Int
    let writing: Bool
  }

  private struct Flush {
    var missing: Set<UInt64>
    let level: UInt64
  }

  private let shape: TableShape
  private let pages: Int
  private var combined: [PageKey: (leaf: Leaf, vcpu: UInt64)] = [:]
  private var leaves: [PageKey: Leaf] = [:]
  private var tables: [TableKey: Table] = [:]
  private var promises: [PromiseKey: UInt64] = [:]
  private var flushes: [Int: Flush] = [:]
  /// What was promised when a page was written, and as which change it was taken out of the log; of a page,
  /// the key of the right to write.
  private var written: [PromiseKey: UInt64] = [:]
  private var taken: [PromiseKey: UInt64] = [:]

  init?(_ hardware: ControlledProgram.Hardware) {
    guard let shape = hardware.tables else { return nil }
    self.shape = shape
    pages = hardware.pagesPerVM
  }

  // MARK: Translations

  /// A translation that a guest asks for, or hardware; what is wrong with its use, and with what was
  /// made for it.
  mutating func translate(
    _ walker: Walker, _ page: Int, isUse: Bool, writes: Bool, _ words: [UInt64]
  ) -> [OracleID] {
    let key = PageKey(core: walker.core, tag: walker.tag, page: page)
    var wrong: [OracleID] = []
    if combined[key] == nil {
      if leaves[key] == nil { leaves[key] = walk(walker, page, words) }
      guard let leaf = leaves[key] else { return [] }
      combined[key] = (leaf, walker.vcpu)
      if !walker.isStale, owners(walker) != [walker.owner] { wrong.append(.o3) }
    }
    guard isUse, let (leaf, vcpu) = combined[key], !writes || leaf.isWritable else {
      return wrong
    }
    if leaf.owner != walker.owner {
      wrong.append(.o3)
    } else if vcpu != walker.vcpu {
      wrong.append(.o12)
    }
    let writing = PromiseKey(slot: walker.slot, page: page, writing: true)
    if writes, let promise = promises[writing] { written[writing] = promise }
    let isStale = breaks(leaf, PromiseKey(slot: walker.slot, page: page, writing: false))
    let isRevoked = writes && breaks(leaf, writing)
    if leaf.isForeign || isStale || isRevoked { wrong.append(.o4) }
    return wrong
  }

  private func owners(_ walker: Walker) -> Set<UInt64> {
    func isHere(_ core: Int, _ tag: UInt64) -> Bool { core == walker.core && tag == walker.tag }
    return Set(
      combined.filter { isHere($0.key.core, $0.key.tag) }.map(\.value.leaf.owner)
        + leaves.filter { isHere($0.key.core, $0.key.tag) }.map(\.value.owner)
        + tables.filter { isHere($0.key.core, $0.key.tag) }.map(\.value.owner))
  }

  private func breaks(_ leaf: Leaf, _ key: PromiseKey) -> Bool {
    guard let oldest = promises[key] else { return false }
    // Which is behind which, on a circle of 2^24.
    return isBehind(leaf.version, oldest)
  }

  /// Which is behind which, on a circle of 2^24.
  private func isBehind(_ version: UInt64, _ other: UInt64) -> Bool {
    let turn: UInt64 = 1 << 24
    return (version + turn - other) % turn >= turn / 2
  }

  /// Pages that an entry of `level` spans.
  private func size(_ level: Int) -> UInt64 {
    var size: UInt64 = 1
    for _ in level..<3 { size *= UInt64(1 << shape.bits) }
    return size
  }

  private mutating func walk(_ walker: Walker, _ page: Int, _ words: [UInt64]) -> Leaf? {
    let address = UInt64(page) * shape.stride
    var table = Table(word: walker.root, pool: walker.pool, owner: walker.owner)
    var level = shape.firstLevel
    for above in shape.firstLevel..<3 {
      let key = TableKey(
        core: walker.core, tag: walker.tag, level: above, index: address / size(above))
      if let known = tables[key] { (table, level) = (known, above + 1) }
    }
    while true {
      let width = UInt64(1 << (level == shape.firstLevel ? shape.rootBits : shape.bits))
      let entry = words[table.word + Int(address / size(level) % width)]
      if entry & 1 == 0 { return nil }
      let number = entry >> 4 & 0xFFF_FFFF
      if entry & 2 == 0 {
        let owner = entry >> 32 & 0xFF
        return level == 0
          ? nil
          : Leaf(
            owner: table.owner, level: level, version: entry >> 40, isWritable: entry & 4 != 0,
            isForeign: owner == 0 || Int(owner) - 1 != walker.slot)
      }
      let below = table.pool + Int(number) * (1 << shape.bits)
      if level == 3 || below + (1 << shape.bits) > words.count { return nil }
      table = Table(word: below, pool: table.pool, owner: table.owner)
      tables[
        TableKey(core: walker.core, tag: walker.tag, level: level, index: address / size(level))
      ] = table
      level += 1
    }
  }

  // MARK: Invalidations

  mutating func dropEverything(_ core: Int) {
    combined = combined.filter { $0.key.core != core }
    leaves = leaves.filter { $0.key.core != core }
    tables = tables.filter { $0.key.core != core }
  }

  mutating func drop(_ core: Int, what: UInt64, operand: UInt64) {
    let tag = operand & 0xFFFF
    func isHere(_ other: Int, _ otherTag: UInt64) -> Bool { other == core && otherTag == tag }
    if what & 6 == 0 { return dropEverything(core) }
    if what & 4 == 0 {
      combined = combined.filter { !isHere($0.key.core, $0.key.tag) }
      // One of stage 1 has bit 3, and goes no further.
      if what & 8 != 0 { return }
      leaves = leaves.filter { !isHere($0.key.core, $0.key.tag) }
      tables = tables.filter { !isHere($0.key.core, $0.key.tag) }
      return
    }
    let span = operand >> 16..<(operand >> 16) + (what >> 8)
    let hint = Int(what >> 4 & 3)
    leaves = leaves.filter { key, leaf in
      guard isHere(key.core, key.tag), hint == 0 || hint == leaf.level else { return true }
      let index = UInt64(key.page) * shape.stride / size(leaf.level)
      return !span.overlaps(index * size(leaf.level)..<(index + 1) * size(leaf.level))
    }
    if hint != 0 { return }
    tables = tables.filter { key, _ in
      !isHere(key.core, key.tag)
        || !span.overlaps(key.index * size(key.level)..<(key.index + 1) * size(key.level))
    }
  }

  /// Where an invalidation goes in the queue of those that are on their way: one of stage 1 before those
  /// of stage 2 that nothing else follows.
  static func place(of what: UInt64, behind waiting: [UInt64]) -> Int {
    guard what & 14 == 10 else { return waiting.count }
    return waiting.lastIndex { $0 & 6 != 6 }.map { $0 + 1 } ?? 0
  }

  // MARK: What software says

  mutating func flushed(object: Int, first: UInt64, packed: UInt64) {
    let span = first..<first + (packed >> 24)
    for page in 0..<pages where span.contains(UInt64(page) * shape.stride) {
      let key = PromiseKey(slot: object / 2, page: page, writing: object % 2 == 1)
      let version = packed & 0xFF_FFFF
      if let old = promises[key], isBehind(version, old) { continue }
      promises[key] = version
    }
  }

  /// Whether the page was written since it was last taken out of the log, and the log does not say so.
  mutating func taken(object: Int, page: UInt64, version: UInt64) -> Bool {
    guard page % shape.stride == 0, page / shape.stride < pages else { return false }
    let key = PromiseKey(slot: object / 2, page: Int(page / shape.stride), writing: true)
    let before = taken.updateValue(version, forKey: key)
    guard object % 2 == 0, let before, let written = written[key] else { return false }
    return !isBehind(written, before)
  }

  mutating func begins(_ pcpu: Int, first: UInt64, packed: UInt64) {
    flushes[pcpu] = Flush(missing: Set(first..<first + (packed >> 8)), level: packed & 0xFF)
  }

  mutating func issues(_ pcpu: Int, what: UInt64, operand: UInt64) {
    if what & 1 == 0 || what & 14 == 10 { return }
    if what & 6 != 6 {
      flushes[pcpu]?.missing = []
    } else if let flush = flushes[pcpu], [0, flush.level].contains(what >> 4 & 3) {
      flushes[pcpu]?.missing.subtract(operand >> 16..<(operand >> 16) + (what >> 8))
    }
  }

  /// Whether a page was left.
  mutating func ends(_ pcpu: Int) -> Bool {
    flushes.removeValue(forKey: pcpu)?.missing.isEmpty == false
  }
}
