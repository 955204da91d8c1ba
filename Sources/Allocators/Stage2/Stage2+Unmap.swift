// Taking memory from a VM: unmapping and write protection. The lock is held by a writer, so the hardware
// alone looks on.

import Domain
import Machines

extension Stage2 {
  /// unmap_stage2_range: piece by piece, so that others get the lock in between (stage2_apply_range).
  func unmap(_ first: UInt64, pages: UInt64, of vm: VM, on m: M) {
    let tag = Rules.readsTagOnce ? currentTag(of: vm, on: m) : nil
    let pagesOfPiece = shape.pagesPerEntry(max(1, shape.firstLevel))
    var next = first
    while next < first &+ pages {
      let end = min(first &+ pages, (next / pagesOfPiece &+ 1) &* pagesOfPiece)
      m.acquireExclusive(vm.lock, at: Stage2Sites.unmapLock)
      freeUnlinkedLocked(vm, on: m)
      unmapLocked(next, end, vm, tag, on: m)
      m.releaseExclusive(vm.lock, at: Stage2Sites.unmapUnlock)
      next = end
    }
    m.note(.unmaps)
  }

  /// kvm_pgtable_stage2_unmap. Whether leaves are flushed now or once at the end is decided once.
  private func unmapLocked(
    _ first: UInt64, _ end: UInt64, _ vm: VM, _ tag: Tag?, on m: M
  ) {
    var walk = UnmapWalk(
      first: first, end: end, defersFlush: Rules.defersLeafFlushes(features), tag: tag)
    _ = unmap(&walk, in: vm.root, shape.firstLevel, from: 0, vm, on: m)
    if !Rules.flushesBeforeGiving { giveMemoryBack(walk.first, walk.end, vm, on: m) }
    let span = Stage2Span(first: first, pages: end &- first)
    if walk.defersFlush { flushRange(span, wanted: span, vm, tag, on: m) }
    // Nobody maps meanwhile: all that was made up to now is gone.
    let version = m.observe(vm.changes) &+ 1
    m.stage2Flushed(
      vm.slot, Stage2Span(first: walk.first, pages: walk.end &- walk.first), olderThan: version,
      .use)
    if Rules.flushesBeforeGiving { giveMemoryBack(walk.first, walk.end, vm, on: m) }
  }

  /// stage2_unmap_walker, for the part of a table that begins at page `start`. Returns whether nothing is
  /// left in it.
  private func unmap(
    _ walk: inout UnmapWalk, in table: Bank<M.Word>, _ level: Int, from start: UInt64, _ vm: VM,
    on m: M
  ) -> Bool {
    let size = shape.pagesPerEntry(level)
    let low = walk.first > start ? Int((walk.first &- start) / size) : 0
    let high = min(table.count, Int((walk.end &- start &+ size &- 1) / size))
    var isEmptied = true
    for index in low..<high {
      let page = start &+ UInt64(index) &* size
      let word = table[index]
      let entry = Stage2Entry(bits: m.load(word, .relaxed, at: Stage2Sites.unmapEntry))
      if entry.isLeaf {
        clear(word, on: m)
        // A block goes as a whole, though a part of it was asked for.
        walk.widen(to: page, size)
        if !walk.defersFlush { flushLeaf(page, level: level, vm, walk.tag, on: m) }
      } else if entry.isTable {
        if unmap(&walk, in: pool.table(entry.number), level + 1, from: page, vm, on: m) {
          clear(word, on: m)
          free(entry.number, page, level, walk, vm, on: m)
        } else {
          isEmptied = false
        }
      }
    }
    return isEmptied && (0..<low).allSatisfy { isEmpty(table[$0], on: m) }
      && (high..<table.count).allSatisfy { isEmpty(table[$0], on: m) }
  }

  /// The table at `page`, which an entry of `level` named, has no entry left, and nothing leads to it any
  /// more but what TLBs remember.
  private func free(
    _ number: UInt64, _ page: UInt64, _ level: Int, _ walk: UnmapWalk, _ vm: VM, on m: M
  ) {
    if Rules.flushesTableNow(defersLeaves: walk.defersFlush) {
      flushTable(page, level: level, vm, walk.tag, on: m)
    }
    pool.give(number, of: vm.slot, on: m)
  }

  private func clear(_ word: M.Word, on m: M) {
    m.store(word, Stage2Entry.empty.bits, .relaxed, at: Stage2Sites.clearEntry)
  }

  private func isEmpty(_ word: M.Word, on m: M) -> Bool {
    m.load(word, .relaxed, at: Stage2Sites.unmapOthers) == Stage2Entry.empty.bits
  }

  /// kvm_clear_dirty_log_protect, after the logging of what is not yet logged has begun: the pages are taken
  /// out of the log, and none is written through an old entry. The flush comes when the lock is given back.
  func protect(_ first: UInt64, pages: UInt64, of vm: VM, on m: M) {
    m.acquireExclusive(vm.lock, at: Stage2Sites.protectLock)
    freeUnlinkedLocked(vm, on: m)
    for memslot in memslot(of: first)...memslot(of: first &+ pages &- 1) {
      startLogging(memslot, vm, on: m)
    }
    // What is made wider from here on has this number or a later one.
    let version = m.observe(vm.changes) &+ 1
    takeFromLog(first, first &+ pages, version, vm, on: m)
    protect(first, first &+ pages, in: vm.root, shape.firstLevel, from: 0, on: m)
    m.releaseExclusive(vm.lock, at: Stage2Sites.protectUnlock)
    let span = Stage2Span(first: first, pages: pages)
    flushRange(span, wanted: span, vm, on: m)
    m.stage2Flushed(vm.slot, span, olderThan: version, .write)
  }

  /// stage2_attr_walker.
  private func protect(
    _ first: UInt64, _ end: UInt64, in table: Bank<M.Word>, _ level: Int, from start: UInt64,
    on m: M
  ) {
    let size = shape.pagesPerEntry(level)
    let low = first > start ? Int((first &- start) / size) : 0
    let high = min(table.count, Int((end &- start &+ size &- 1) / size))
    for index in low..<high {
      let entry = Stage2Entry(bits: m.load(table[index], .relaxed, at: Stage2Sites.protectEntry))
      if entry.isTable {
        protect(
          first, end, in: pool.table(entry.number), level + 1, from: start &+ UInt64(index) &* size,
          on: m)
      } else if entry.isLeaf, entry.isWritable {
        m.store(
          table[index], entry.writable(false).bits, .relaxed, at: Stage2Sites.takeWriteRight)
      }
    }
  }
}

/// What an unmapping walk carries along.
struct UnmapWalk {
  /// The pages that are unmapped; wider than what was asked for where a block was cut.
  var first: UInt64
  var end: UInt64
  /// Whether leaves are flushed by one range at the end.
  let defersFlush: Bool
  /// The number to flush under; nil: to be read each time.
  let tag: Tag?

  mutating func widen(to page: UInt64, _ pages: UInt64) {
    first = min(first, page)
    end = max(end, page &+ pages)
  }
}
