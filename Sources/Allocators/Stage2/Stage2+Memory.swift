// The memory behind the tables: blocks that a VM gets when it first touches them, and that others get when
// they are taken from it.

import Domain
import Machines

extension Stage2 {
  /// Pages of one block of memory.
  var pagesOfBlock: UInt64 { shape.pagesPerEntry(max(plan.blockLevel, shape.firstLevel)) }

  /// The frame behind `page`; nil if the host has no memory left. The caller has a share of the lock, or
  /// more.
  func frame(of page: UInt64, _ vm: VM, on m: M) -> UInt64? {
    if plan.memoryBlocks == 0 {
      // Each VM has its own, side by side.
      return UInt64(truncatingIfNeeded: vm.slot.index) &* shape.pageCount &+ page
    }
    let word = vm.memory[Int(page / pagesOfBlock)]
    var block = m.load(word, .relaxed, at: Stage2Sites.lookUpMemory)
    if block == 0 {
      guard let taken = memory.take(for: vm.slot, on: m) else { return nil }
      block = m.compareExchange(
        word, expected: 0, desired: taken &+ 1, .relaxed, failure: .relaxed,
        at: Stage2Sites.backMemory)
      // Somebody else may have been faster.
      if block == 0 { block = taken &+ 1 } else { memory.give(taken, of: vm.slot, on: m) }
    }
    return (block &- 1) &* pagesOfBlock &+ page % pagesOfBlock
  }

  /// Gives the blocks back that lie as a whole in the pages `first` up to `end`, of which nothing is mapped
  /// any more; one whose halves are unmapped one after the other stays. From here on they may be anybody's:
  /// nobody may use an old translation of them, and that is promised here, whatever unmapping promises later.
  /// The caller is alone with the tables.
  func giveMemoryBack(_ first: UInt64, _ end: UInt64, _ vm: VM, on m: M) {
    var block = (first &+ pagesOfBlock &- 1) / pagesOfBlock
    while (block &+ 1) &* pagesOfBlock <= end, block < UInt64(vm.memory.count) {
      let word = vm.memory[Int(block)]
      let number = m.load(word, .relaxed, at: Stage2Sites.lookUpMemory)
      if number != 0 {
        m.stage2Flushed(
          vm.slot, Stage2Span(first: block &* pagesOfBlock, pages: pagesOfBlock),
          olderThan: m.observe(vm.changes) &+ 1, .use)
        m.store(word, 0, .relaxed, at: Stage2Sites.giveMemory)
        memory.give(number &- 1, of: vm.slot, on: m)
      }
      block &+= 1
    }
  }
}
