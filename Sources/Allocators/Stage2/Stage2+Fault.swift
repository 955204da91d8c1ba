// Faults of guests: mapping a page or a block. Side by side with other faults of the same VM.

import Domain
import Machines

extension Stage2 {
  /// What came of an attempt to map.
  enum MapOutcome {
    /// The guest has what it wanted.
    case mapped
    /// Somebody else is about the entry, or there is no memory: the guest comes again.
    case again
    /// There is no room for tables until those that were taken out are freed.
    case noRoom
  }

  /// user_mem_abort: gives the guest what it wants of `page`.
  public func serveFault(_ page: UInt64, writes: Bool, of vm: VM, on m: M) {
    if writes, !Rules.logsUnderLock, isLogging(page, vm, on: m) { log(page, vm, on: m) }
    m.acquireShared(vm.lock, at: Stage2Sites.faultLock)
    let isLogging = isLogging(page, vm, on: m)
    // A block must lie in one memory slot.
    let level =
      isLogging || pagesOfBlock > pagesOfMemslot ? 3 : max(plan.blockLevel, shape.firstLevel)
    let outcome = map(
      page, at: level, rights: (wanted: writes, given: writes || !isLogging), vm, on: m)
    // Before the lock is given back: whoever takes the page out of the log finds it there, or protects it
    // before it may be written. Nothing is logged that was not allowed.
    if writes, isLogging, outcome == .mapped, Rules.logsUnderLock { log(page, vm, on: m) }
    m.releaseShared(vm.lock, at: Stage2Sites.faultUnlock)
    if outcome == .noRoom { freeUnlinked(vm, on: m) }
  }

  /// kvm_pgtable_stage2_map: walks down to `level`, making tables on the way. The caller has a share of
  /// the lock.
  private func map(
    _ page: UInt64, at level: Int, rights: (wanted: Bool, given: Bool), _ vm: VM, on m: M
  ) -> MapOutcome {
    var table: UInt64?
    var depth = shape.firstLevel
    while true {
      let word = entries(of: table, vm)[shape.index(of: page, depth)]
      let entry = Stage2Entry(bits: m.load(word, .acquire, at: Stage2Sites.walkEntry))
      if entry.isLocked {
        // The kernel lets the guest try again and again until somebody has made the entry.
        _ = m.wait(for: word, until: .differs(entry.bits), .relaxed, at: Stage2Sites.awaitEntry)
        return .again
      }
      let place = EntryPlace<M>(
        word: word, entry: entry, page: page, level: depth, table: table)
      if depth == level { return mapLeaf(place, rights, vm, on: m) }
      if entry.isTable {
        table = entry.number
      } else {
        guard let number = pool.take(for: vm.slot, on: m) else { return .noRoom }
        guard link(number, place, vm, on: m) else {
          pool.give(number, of: vm.slot, on: m)
          return .again
        }
        table = number
      }
      depth += 1
    }
  }

  /// Puts an empty table where nothing or a block is mapped. False if somebody else was faster.
  private func link(
    _ number: UInt64, _ place: EntryPlace<M>, _ vm: VM, on m: M
  ) -> Bool {
    guard breakEntry(place, vm, on: m) != nil else { return false }
    m.store(
      place.word, Stage2Entry(table: Int(number)).bits, .release, at: Stage2Sites.makeEntry)
    return true
  }

  /// stage2_map_walker_try_leaf, or kvm_pgtable_stage2_relax_perms if the page is there.
  private func mapLeaf(
    _ place: EntryPlace<M>, _ rights: (wanted: Bool, given: Bool), _ vm: VM, on m: M
  ) -> MapOutcome {
    let entry = place.entry
    if entry.isLeaf {
      return !rights.wanted || relax(place, vm, on: m) ? .mapped : .again
    }
    if entry.isTable, !hasRoomForUnlinked(vm, on: m) { return .noRoom }
    guard let frame = frame(of: shape.base(of: place.page, place.level), vm, on: m),
      let version = breakEntry(place, vm, on: m)
    else { return .again }
    let leaf = Stage2Entry(
      frame: frame, of: vm.slot, version: version, isWritable: rights.given)
    m.store(place.word, leaf.bits, .release, at: Stage2Sites.makeEntry)
    if entry.isTable { unlink(entry, place.level, vm, on: m) }
    return .mapped
  }

  /// Lets the guest write; false if somebody else was faster. Whoever else still has the narrower entry
  /// comes here, too, and finds it done: what is in this pCPU's TLB goes either way (stage2_attr_walker,
  /// __kvm_tlb_flush_vmid_ipa_nsh).
  private func relax(_ place: EntryPlace<M>, _ vm: VM, on m: M) -> Bool {
    var isWritable = place.entry.isWritable
    if !isWritable {
      let version = m.add(vm.changes, 1, .relaxed, at: Stage2Sites.countChange)
      let seen = m.compareExchange(
        place.word, expected: place.entry.bits,
        desired: place.entry.writable(true).changed(version).bits, .relaxed, failure: .relaxed,
        at: Stage2Sites.relaxEntry)
      isWritable = seen == place.entry.bits
    }
    flushHere(place.page, level: place.level, vm, on: m)
    return isWritable
  }

  /// stage2_try_break_pte: takes a mapping away for as long as another one is made. Returns the number
  /// of the change; nil if somebody else was faster.
  func breakEntry(
    _ place: EntryPlace<M>, _ vm: VM, version given: UInt64? = nil, on m: M
  ) -> UInt64? {
    let entry = place.entry
    let seen = m.compareExchange(
      place.word, expected: entry.bits, desired: Stage2Entry.locked.bits, .relaxed,
      failure: .relaxed, at: Stage2Sites.breakEntry)
    guard seen == entry.bits else { return nil }
    let span = Stage2Span(
      first: shape.base(of: place.page, place.level), pages: shape.pagesPerEntry(place.level))
    if entry.isTable {
      flushRange(Rules.flushed(span, brokenAt: place.page), wanted: span, vm, on: m)
    } else if entry.isLeaf {
      flushLeaf(place.page, level: place.level, vm, on: m)
    }
    // Acquire: pairs with the full barrier in the flush of whoever takes the table out (`isLinked`).
    let version = given ?? m.add(vm.changes, 1, .acquire, at: Stage2Sites.countChange)
    if entry.isValid, isLinked(place, vm, on: m) {
      m.stage2Flushed(vm.slot, span, olderThan: version, .use)
    }
    return version
  }

  /// Whether the tables lead to `place`, for which a change was just counted. If not, another fault has taken
  /// its table out, and what is mapped instead may be an earlier change: it must not count as flushed. If so,
  /// whoever takes it out counts a later one.
  private func isLinked(_ place: EntryPlace<M>, _ vm: VM, on m: M) -> Bool {
    var table: UInt64?
    for level in shape.firstLevel..<place.level {
      let word = entries(of: table, vm)[shape.index(of: place.page, level)]
      let entry = Stage2Entry(bits: m.observe(word))
      guard entry.isTable else { return false }
      table = entry.number
    }
    return table == place.table
  }

  /// The entries of a table; nil: the root.
  func entries(of table: UInt64?, _ vm: VM) -> Bank<M.Word> {
    table.map(pool.table) ?? vm.root
  }
}

/// An entry that a walk has come to.
struct EntryPlace<M: Machine> {
  let word: M.Word
  /// What stood there.
  let entry: Stage2Entry
  /// The page that was looked for; anywhere in what the entry spans.
  let page: UInt64
  let level: Int
  /// The table that it stands in; nil: the root.
  let table: UInt64?
}
