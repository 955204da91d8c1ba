// Translations of a live pCPU where tables have levels.
//
// Why no right program is reported, however threads interleave. Two heads count invalidations: the one
// of `bus` governs combined entries, the one of `Stage2Bus` what is remembered of stage 2 alone. An
// operation takes effect for all pCPUs when it moves its head.
//
// - A fill takes the head of `bus` first (A), then that of the stage-2 bus (B), then looks. A flush does
//   the reverse: it moves the stage-2 head (1), waits, moves the head of `bus` (2), waits. If B is from
//   before (1), then A is from before (2): the combined entry dies with (2). If B is from after (1), then
//   what the flush dropped is not found, and a walk sees what was written to the table before (1).
//   What drops both (a whole tag, everything) moves the heads in that order, too.
// - In the wrong order, or without the wait between, there is a moment when (2) was and (1) was not: a
//   fill then makes a combined entry from an old one of stage 2, with an A from after (2), and nothing
//   removes it.
// - Hardware waits at the end of an invalidation for the walks that began before it. Here a fill looks
//   at both heads again when it has walked, and walks once more if what came meanwhile was meant for what
//   it read or for a table on the way. Nothing of such a walk is remembered. So no walk ends in a table page
//   that was poisoned after its flush: whoever reads the poison finds the head moved, since the wait ends
//   with a full barrier.
// - Of the page's promises it is judged by what stood there before the lookup began. They are raised when
//   the flush is complete, so such a lookup takes both heads from after it.

import Domain
import Synchronization

extension LivePCPU {
  /// As `GuestMachine.translate`.
  @usableFromInline @inline(never)
  mutating func translateThroughTables(_ page: UInt64, writes: Bool) -> Translation {
    guard let stage2, contextKey != LiveTLB.noContext,
      page < stage2.pointee.promises.pagesPerVM
    else { return .fault }
    let promise = stage2.pointee.promises.promise(stage2.pointee.slot, page)
    let key = contextKey | page
    let entry = tlb.entries + LiveTLB.place(key)
    var outcome = Translation.Outcome.hit
    var other: VMIdentity = 0
    if !isGood(entry, for: key) {
      let filled = fillThroughTables(page)
      if filled.outcome == .fault { return .fault }
      outcome = .fill
      other = filled.alsoUnderThisTag
    }
    let leaf = Stage2Entry(bits: entry.pointee.tableEntry)
    if writes {
      if !leaf.isWritable { return .fault }
      if promise.write != 0 {
        stage2.pointee.writes.wrote(stage2.pointee.slot, page, under: promise.write)
      }
    }
    return Translation(
      outcome: outcome, owner: entry.pointee.owner, version: leaf.version, alsoUnderThisTag: other,
      vcpu: entry.pointee.vcpu,
      flaw: stage2.pointee.promises.flaw(
        in: leaf, of: stage2.pointee.slot, promise, writes: writes))
  }

  private mutating func isGood(_ entry: UnsafeMutablePointer<TLBEntry>, for key: UInt64) -> Bool {
    guard entry.pointee.key == key else { return false }
    let now = bus.stamp
    return entry.pointee.stamp == now || revalidate(entry, now: now)
  }

  /// Fills an entry for the guests' `page`-th page from what is remembered of stage 2 or from the tables.
  mutating func fillThroughTables(_ page: UInt64) -> Translation {
    guard let stage2, contextKey != LiveTLB.noContext,
      page < stage2.pointee.promises.pagesPerVM
    else { return .fault }
    let key = contextKey | page
    let tag = LiveTLB.tag(of: key)
    let address = page &* stage2.pointee.shape.stride
    while true {
      let stamp = bus.stamp
      let stage2Stamp = stage2.pointee.bus.stamp
      if stamp &>> InvalidationBus.fineBits != flushesSeen { countLosses(now: stamp) }
      // As in `fill`.
      fullBarrier()
      let found = stage2.pointee.find(address, tag, root: contextTable, at: stage2Stamp)
      counters[Counter.walkSteps.rawValue].addAlone(found.steps)
      let holds = stage2.pointee.stillHolds(found, address, tag, since: stage2Stamp)
      if holds { stage2.pointee.remember(found, address, tag, at: stage2Stamp) }
      guard holds, sparedByBus(tag, page, since: stamp) else {
        counters[Counter.fillDroppedByEpoch.rawValue].addAlone(1)
        continue
      }
      guard found.entry.isLeaf else { return .fault }
      if found.steps == 0 { counters[Counter.ipaHits.rawValue].addAlone(1) }
      let owner = contextOwner
      let other = noteOwner(owner, of: tag)
      tlb.entries[LiveTLB.place(key)] = TLBEntry(
        key: key, stamp: stamp, tableEntry: found.entry.bits, owner: owner, vcpu: contextVCPU)
      return Translation(
        outcome: .fill, owner: owner, version: found.entry.version, alsoUnderThisTag: other,
        vcpu: contextVCPU)
    }
  }

  private func sparedByBus(_ tag: Tag, _ page: UInt64, since stamp: UInt64) -> Bool {
    let now = bus.stamp
    return now == stamp || bus.stillHolds(stamp: stamp, now: now, tag: tag, page: page)
  }

  /// The installed context's part of stage 2.
  @usableFromInline @inline(never)
  mutating func enterTables(_ slot: VMSlot, _ tablePages: LiveWord, _ wordCount: Int) {
    guard let stage2 else { return }
    stage2.pointee.slot = slot.index
    stage2.pointee.tablePages = tablePages
    stage2.pointee.tableWordCount = wordCount
  }
}
