// Eager splitting: a block becomes a table of pages before a guest's write asks for it.

import Domain
import Machines

extension Stage2 {
  /// kvm_pgtable_stage2_split, for the block around `page`: a table with the same memory behind it is made
  /// first, then the block is broken. Nothing if there is no block.
  func split(_ page: UInt64, of vm: VM, on m: M) {
    m.acquireExclusive(vm.lock, at: Stage2Sites.splitLock)
    freeUnlinkedLocked(vm, on: m)
    if let place = block(around: page, vm, on: m), let number = pool.take(for: vm.slot, on: m) {
      let version = m.add(vm.changes, 1, .relaxed, at: Stage2Sites.countChange)
      fill(pool.table(number), with: place.entry, level: place.level, version, on: m)
      if breakEntry(place, vm, version: version, on: m) != nil {
        m.store(
          place.word, Stage2Entry(table: Int(number)).bits, .release, at: Stage2Sites.makeEntry)
      }
    }
    m.releaseExclusive(vm.lock, at: Stage2Sites.splitUnlock)
  }

  private func block(around page: UInt64, _ vm: VM, on m: M) -> EntryPlace<M>? {
    var table: UInt64?
    for level in shape.firstLevel..<3 {
      let word = entries(of: table, vm)[shape.index(of: page, level)]
      let entry = Stage2Entry(bits: m.load(word, .relaxed, at: Stage2Sites.splitEntry))
      if entry.isLeaf {
        return EntryPlace(word: word, entry: entry, page: page, level: level, table: table)
      }
      guard entry.isTable else { return nil }
      table = entry.number
    }
    return nil
  }

  /// The parts of `block`, one level down.
  private func fill(
    _ table: Bank<M.Word>, with block: Stage2Entry, level: Int, _ version: UInt64, on m: M
  ) {
    let pages = shape.pagesPerEntry(level + 1)
    for index in 0..<table.count {
      let leaf = Stage2Entry(
        frame: block.number &+ UInt64(index) &* pages, of: block.slot ?? VMSlot(0),
        version: version, isWritable: block.isWritable)
      m.store(table[index], leaf.bits, .relaxed, at: Stage2Sites.fillTable)
    }
  }
}
