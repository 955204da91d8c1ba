// The TLB and the invalidations of one live pCPU: what does not depend on the probe, off the fast
// path.

import Domain
import Synchronization

extension LivePCPU {
  /// A full barrier. On x86 an exchange with a private word, as Linux's `smp_mb` is a locked
  /// addition: a quarter of an `mfence` (measured: 4.8 against 19 ns).
  @inlinable @inline(__always)
  func fullBarrier() {
    #if arch(x86_64)
      _ = scratch.address.pointee.exchange(0, ordering: .sequentiallyConsistent)
    #else
      atomicMemoryFence(ordering: .sequentiallyConsistent)
    #endif
  }

  // MARK: The TLB

  /// Whether nothing that came since the entry's fill was meant for it; if so, it is as new.
  @usableFromInline @inline(never)
  mutating func revalidate(_ entry: UnsafeMutablePointer<TLBEntry>, now: UInt64) -> Bool {
    let holds = bus.stillHolds(
      stamp: entry.pointee.stamp, now: now, tag: LiveTLB.tag(of: entry.pointee.key),
      page: entry.pointee.key & 0xFFFF_FFFF)
    if holds { entry.pointee.stamp = now }
    return holds
  }

  /// Walks the table of the installed context and fills an entry.
  ///
  /// The stamp is taken before the walk: an invalidation that comes in between kills the entry.
  /// The barrier makes what this pCPU stored before it entered the guest, its VM's new number
  /// above all, visible before the walk reads the table. Pairs with the barrier between clearing
  /// a table entry and reading the number to invalidate by (`GuestLoop.unmap`): one of the two
  /// sees what the other wrote.
  @usableFromInline @inline(never)
  mutating func fill(_ page: UInt64) -> Translation {
    let key = contextKey | page
    if contextKey == LiveTLB.noContext { return .fault }
    if stage2 != nil { return fillThroughTables(page) }
    let stamp = bus.stamp
    if stamp &>> InvalidationBus.fineBits != flushesSeen { countLosses(now: stamp) }
    fullBarrier()
    let inner = nests ? innerEntry(page) : nil
    if let inner, !inner.isValid { return .fault }
    let walked = inner.map(\.frame) ?? page
    let bits = contextTable.advanced(by: Int(walked)).address.pointee.load(
      ordering: .acquiring)
    guard TableEntry(bits: bits).isValid else { return .fault }
    let owner = contextOwner
    let other = noteOwner(owner, of: LiveTLB.tag(of: key))
    tlb.entries[LiveTLB.place(key)] = TLBEntry(
      key: key, stamp: stamp, tableEntry: bits, owner: owner, vcpu: contextVCPU)
    if let inner { tlb.innerEntries[LiveTLB.place(key)] = inner.bits }
    if bus.stamp != stamp { counters[Counter.fillDroppedByEpoch.rawValue].addAlone(1) }
    return Translation(
      outcome: .fill, owner: owner, version: TableEntry(bits: bits).version,
      alsoUnderThisTag: other, vcpu: contextVCPU)
  }

  /// The first half of the walk, where VMs nest.
  private func innerEntry(_ page: UInt64) -> TableEntry {
    TableEntry(
      bits: contextInnerTable.advanced(by: Int(page)).address.pointee.load(ordering: .acquiring))
  }

  /// What the entry for `page` under the installed context remembers of the inner walk.
  func inner(of page: UInt64) -> InnerTranslation? {
    guard nests, contextKey != LiveTLB.noContext else { return nil }
    let place = LiveTLB.place(contextKey | page)
    return InnerTranslation(
      inner: Int(tlb.entries[place].vcpu &>> LiveTLB.innerShift),
      entry: TableEntry(bits: tlb.innerEntries[place]))
  }

  /// `owner` fills under `tag`. Returns another VM with a live entry under it; 0 if there is none.
  mutating func noteOwner(_ owner: VMIdentity, of tag: Tag) -> VMIdentity {
    let last = tlb.lastOwner + Int(tag.number)
    if last.pointee == owner { return 0 }
    let isFirst = last.pointee == 0
    last.pointee = owner
    return isFirst ? 0 : tlb.otherOwner(under: tag, than: owner, bus: bus)
  }

  // MARK: Invalidations

  /// Everything was invalidated on every pCPU since this one last filled: counts what its TLB had
  /// then. The entries still stand there, with the stamps of their time, for nothing was filled
  /// since; and after several such invalidations they were lost to the first one. Those that a
  /// finer invalidation has hit up to now are not counted.
  @usableFromInline @inline(never)
  mutating func countLosses(now: UInt64) {
    let fine = now & ((1 &<< InvalidationBus.fineBits) &- 1)
    let before = flushesSeen &<< InvalidationBus.fineBits | fine
    counters[Counter.tlbEntriesLost.rawValue].addAlone(tlb.countAlive(at: before, bus: bus))
    flushesSeen = now &>> InvalidationBus.fineBits
  }

  /// Drops everything from this TLB, and counts what was good of it.
  @usableFromInline @inline(never)
  mutating func dropEverythingHere() {
    let now = bus.stamp
    if now &>> InvalidationBus.fineBits != flushesSeen { countLosses(now: now) }
    counters[Counter.tlbEntriesLost.rawValue].addAlone(tlb.countAlive(at: now, bus: bus))
    counters[Counter.flushesHere.rawValue].addAlone(1)
    clearHere()
  }

  /// The hardware carries an invalidation out at any moment up to the wait: here, or there.
  @usableFromInline
  mutating func issueEverything() {
    flushesIssued &+= 1
    noteBroadcast(.everything)
    if random.next() &>> 63 == 0 {
      carryOutEverything()
    } else {
      pending.everything = true
    }
  }

  @usableFromInline
  mutating func issue(_ tag: Tag, page: UInt64?, ofStage1: Bool = false) {
    if stage2 != nil {
      noteBroadcast(
        ofStage1 ? .stage1(tag) : page.map { .page(tag, page: $0) } ?? .tag(tag))
    }
    carryOutPendingOne()
    pending.one = PendingInvalidations.One(tag: tag, page: page, isOfStage1: ofStage1)
    if random.next() &>> 63 == 0 { carryOutPendingOne() }
  }

  mutating func carryOutPendingOne() {
    guard let one = pending.one else { return }
    pending.one = nil
    carryOut(one)
  }

  /// Carries out what is still pending: when this returns, all that this pCPU issued is complete.
  @usableFromInline
  mutating func waitForInvalidations() {
    if let stage2 {
      completeAll(stage2)
      flushesCompleted = flushesIssued
      return
    }
    if pending.everything {
      bus.dropEverything()
      pending.everything = false
    }
    flushesCompleted = flushesIssued
    carryOutPendingOne()
  }
}

extension Translation {
  @inlinable @inline(__always)
  static func hit(_ entry: UnsafeMutablePointer<TLBEntry>) -> Translation {
    Translation(
      outcome: .hit, owner: entry.pointee.owner,
      version: TableEntry(bits: entry.pointee.tableEntry).version, alsoUnderThisTag: 0,
      vcpu: entry.pointee.vcpu)
  }

  @inlinable @inline(__always)
  static var fault: Translation {
    Translation(outcome: .fault, owner: 0, version: 0, alsoUnderThisTag: 0)
  }
}
