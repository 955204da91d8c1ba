// Invalidations of a live pCPU where tables have levels.
//
// All that is called on a pCPU is mutating, whether it changes it or not: otherwise a copy of the whole pCPU
// is made for the call.

import Domain
import Host

extension LivePCPU {
  /// Issues an invalidation by intermediate address, on every pCPU. It takes effect at any moment up to
  /// the wait, and others issued meanwhile may overtake it.
  @usableFromInline @inline(never)
  mutating func issueStage2(_ tag: Tag, _ span: Stage2Span) {
    guard let stage2 else { return issue(tag, page: nil) }
    noteBroadcast(.stage2(tag, span))
    if random.next() &>> 63 == 0 { return stage2.pointee.bus.drop(tag, span) }
    if stage2.pointee.pending.count == LiveStage2.pendingLimit {
      let first = stage2.pointee.pending.removeFirst()
      stage2.pointee.bus.drop(first.tag, first.span)
    }
    stage2.pointee.pending.append((tag, span))
  }

  /// Counts what is issued on every pCPU, and keeps it for O10.
  mutating func noteBroadcast(_ what: Invalidation) {
    guard let stage2 else { return }
    counters[Counter.invalidationBroadcasts.rawValue].addAlone(1)
    stage2.pointee.cover?.add(what)
  }

  /// Drops everything on every pCPU, now.
  mutating func carryOutEverything() {
    stage2?.pointee.bus.dropEverything()
    bus.dropEverything()
    noteOvertaking()
  }

  /// Drops `one` on every pCPU, now.
  mutating func carryOut(_ one: PendingInvalidations.One) {
    if let stage2, !one.isOfStage1 {
      let size = stage2.pointee.shape.stride
      let span = one.page.map { Stage2Span(first: $0 &* size, pages: size) }
      stage2.pointee.bus.drop(one.tag, span ?? Stage2Bus.allPages)
    }
    bus.drop(one.tag, page: one.page)
    noteOvertaking()
  }

  private func noteOvertaking() {
    guard let stage2, !stage2.pointee.pending.isEmpty else { return }
    stage2.pointee.isOvertaken = true
  }

  /// Carries out what is pending, those by intermediate address first or last.
  mutating func completeAll(_ stage2: UnsafeMutablePointer<LiveStage2>) {
    if random.next() &>> 63 == 0 { carryOutSpans(stage2) }
    if pending.everything {
      pending.everything = false
      carryOutEverything()
    }
    carryOutPendingOne()
    // An operation that others have overtaken takes its time, or nobody would ever see that.
    if stage2.pointee.isOvertaken { for _ in 0..<random.below(256) { spinHint() } }
    carryOutSpans(stage2)
    stage2.pointee.isOvertaken = false
    // What this pCPU writes from here on is seen by nobody who has not seen the heads move.
    fullBarrier()
  }

  private func carryOutSpans(_ stage2: UnsafeMutablePointer<LiveStage2>) {
    for one in stage2.pointee.pending { stage2.pointee.bus.drop(one.tag, one.span) }
    stage2.pointee.pending.removeAll(keepingCapacity: true)
  }

  /// Drops what `what` means from this pCPU's own caches.
  @usableFromInline @inline(never)
  mutating func dropHere(_ tag: Tag, page: UInt64?) {
    tlb.clear(tag, page: page)
    guard let stage2 else { return }
    let size = stage2.pointee.shape.stride
    let span = page.map { Stage2Span(first: $0 &* size, pages: size) }
    stage2.pointee.caches.clear(tag, span ?? Stage2Bus.allPages)
  }

  /// The same for an invalidation by intermediate address.
  @usableFromInline @inline(never)
  mutating func dropHere(_ tag: Tag, _ span: Stage2Span) {
    guard let stage2 else { return tlb.clear(tag, page: nil) }
    stage2.pointee.caches.clear(tag, span)
  }

  /// Empties all caches.
  mutating func clearHere() {
    tlb.clear()
    stage2?.pointee.caches.clear()
  }
}

/// A flush that did not invalidate all that it was asked for.
public struct UnderCoverEvidence: Sendable {
  /// Who flushed.
  public let pcpu: PCPU
  /// What was asked for.
  public let wanted: Stage2Span
  /// The first page of it that no operation named.
  public let firstMissed: UInt64
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension NativeMachine {
  public func rangeFlushBegins(_ wanted: Stage2Span) {
    own.pointee.stage2?.pointee.cover = SpanCover(of: wanted)
  }

  public func rangeFlushEnds() {
    guard let stage2 = own.pointee.stage2, let cover = stage2.pointee.cover else { return }
    stage2.pointee.cover = nil
    note(.checksO10)
    guard let missed = cover.firstMissed else { return }
    own.pointee.hardware.takeUnretainedValue().watcher.underCovered(
      UnderCoverEvidence(pcpu: pcpu, wanted: cover.wanted, firstMissed: missed))
  }

  public func stage2Flushed(
    _ slot: VMSlot, _ span: Stage2Span, olderThan version: UInt64, _ right: Stage2Right
  ) {
    own.pointee.stage2?.pointee.promises.raise(slot.index, span, version, right)
  }

  public func takenFromLog(_ slot: VMSlot, page: UInt64, wasDirty: Bool, version: UInt64) {
    guard let stage2 = own.pointee.stage2,
      let wasWritten = stage2.pointee.writes.take(slot.index, page, version)
    else { return }
    note(.checksO14)
    guard wasWritten, !wasDirty else { return }
    own.pointee.hardware.takeUnretainedValue().watcher.lostWrite(
      LostWriteEvidence(pcpu: pcpu, slot: slot, page: page))
  }
}
