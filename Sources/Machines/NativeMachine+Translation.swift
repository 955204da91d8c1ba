// Context register, TLB and invalidations of a live machine.

import Domain
import Synchronization

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension NativeMachine: GuestMachine {
  // MARK: The context register

  @inlinable @inline(__always)
  public func install(_ context: GuestContext<LiveWord>, at site: Site) {
    probe.before(.install, at: site)
    let tag = Tag(context.tag.number & own.pointee.tagMask)
    own.pointee.contextKey = LiveTLB.contextKey(tag)
    own.pointee.contextTable = context.table[0]
    own.pointee.contextOwner = context.owner
    own.pointee.contextVCPU = context.vcpu
    // Nothing where nothing nests: whether there is an inner context is known when this is compiled.
    if let inner = context.inner {
      own.pointee.contextVCPU |= UInt32(truncatingIfNeeded: inner.inner) &<< LiveTLB.innerShift
      own.pointee.contextInnerTable = inner.table[0]
    }
    // The same: only where tables have levels.
    if let tablePages = context.tablePages {
      own.pointee.enterTables(context.slot, tablePages.first, tablePages.count)
    }
    own.pointee.contextSequence &+= 1
    publish(
      ContextWord(
        sequence: own.pointee.contextSequence, slot: context.slot, tag: tag))
  }

  @inlinable @inline(__always)
  public func leaveGuest(at site: Site) {
    probe.before(.leaveGuest, at: site)
    own.pointee.contextSequence &+= 1
    publish(ContextWord(emptyAt: own.pointee.contextSequence))
  }

  @inlinable @inline(__always)
  public func clearContext(at site: Site) {
    probe.before(.clearContext, at: site)
    own.pointee.contextKey = LiveTLB.noContext
    own.pointee.contextSequence &+= 1
    publish(ContextWord(emptyAt: own.pointee.contextSequence))
    #if !arch(x86_64)
      // What the oracles see of leaving comes before ACTIVE_INVALID. On x86 stores are ordered by
      // themselves, and a barrier would hide what the store buffer does.
      atomicMemoryFence(ordering: .acquiringAndReleasing)
    #endif
  }

  /// Release: whoever sees the word sees all that led to it. A plain store on x86, so that leaving
  /// a guest does not drain the store buffer: the harness must not hide the races that it hunts.
  @inlinable @inline(__always)
  func publish(_ word: ContextWord) {
    contexts[pcpu].address.pointee.store(word.bits, ordering: .releasing)
  }

  /// Acquire: pairs with `publish`.
  @inlinable @inline(__always)
  public func observeContext(of pcpu: PCPU) -> ContextWord {
    ContextWord(bits: contexts[pcpu].address.pointee.load(ordering: .acquiring))
  }

  @inlinable public func observeFlushes() -> UInt64 { bus.everythingCount }

  public func setOnline(_ isOnline: Bool, at site: Site) {
    if isOnline { own.pointee.clearHere() }
    let bit = PCPUSet(pcpu).rawValue
    _ = add(own.pointee.online, isOnline ? bit : 0 &- bit, .fullyOrdered, at: site)
  }

  // MARK: The TLB

  @inlinable @inline(__always)
  public func translate(_ page: UInt64, at site: Site) -> Translation {
    probe.before(.translate, at: site)
    let key = own.pointee.contextKey | page
    let entry = own.pointee.tlb.entries + LiveTLB.place(key)
    if entry.pointee.key == key {
      let now = bus.stamp
      if entry.pointee.stamp == now || own.pointee.revalidate(entry, now: now) {
        return .hit(entry)
      }
    }
    return own.pointee.fill(page)
  }

  @inlinable
  public func translate(_ page: UInt64, writes: Bool, at site: Site) -> Translation {
    if own.pointee.stage2 == nil { return translate(page, at: site) }
    probe.before(.translate, at: site)
    return own.pointee.translateThroughTables(page, writes: writes)
  }

  @inlinable
  public func speculate(_ page: UInt64, at site: Site) {
    probe.before(.speculate, at: site)
    if own.pointee.fill(page).outcome == .fill { note(.speculativeFills) }
  }

  public func observeInner(of page: UInt64) -> InnerTranslation? { own.pointee.inner(of: page) }

  // MARK: Invalidations

  @inlinable
  public func invalidate(
    _ what: Invalidation, on scope: InvalidationScope, at site: Site
  ) {
    probe.before(.invalidate, at: site)
    switch (scope, what) {
    case (.thisPCPU, .everything): break  // counted with what it takes
    case (.everyPCPU, .everything): note(.flushesEverywhere)
    case (_, .tag), (_, .stage1): note(.flushesOfTags)
    case (_, .stage2(_, let span)): note(span.pages > 1 ? .flushesOfRanges : .flushesOfPages)
    case (_, .page): note(.flushesOfPages)
    }
    switch (scope, what) {
    case (.thisPCPU, .everything): own.pointee.dropEverythingHere()
    case (.thisPCPU, .tag(let tag)): own.pointee.dropHere(tag, page: nil)
    case (.thisPCPU, .page(let tag, let page)): own.pointee.dropHere(tag, page: page)
    case (.everyPCPU, .everything): own.pointee.issueEverything()
    case (.everyPCPU, .tag(let tag)): own.pointee.issue(tag, page: nil)
    case (.everyPCPU, .page(let tag, let page)): own.pointee.issue(tag, page: page)
    case (.thisPCPU, .stage1(let tag)): own.pointee.tlb.clear(tag, page: nil)
    case (.thisPCPU, .stage2(let tag, let span)): own.pointee.dropHere(tag, span)
    case (.everyPCPU, .stage1(let tag)): own.pointee.issue(tag, page: nil, ofStage1: true)
    case (.everyPCPU, .stage2(let tag, let span)): own.pointee.issueStage2(tag, span)
    }
  }

  @inlinable
  public func waitForInvalidations(at site: Site) {
    probe.before(.waitForInvalidations, at: site)
    own.pointee.waitForInvalidations()
  }
}
