// What the oracles say of translation where tables have levels: O3, O4 and O12 when a guest uses an
// entry, O10 when a flush has issued what it issues, O14 when a page is taken out of the log of writes.

import Domain
import Machines

extension EngineState {
  /// O3, O12, O4: the guest has used an entry, or one that was made just now.
  mutating func judgeUse(_ pcpu: Int, _ page: Int, _ entry: Stage2TLBEntry, writes: Bool) {
    let context = contexts[pcpu]
    let tag = context.tag
    port.translation = (entry.owner, entry.version, 0)
    if entry.owner != context.owner {
      violate(.twoOwners(pcpu: pcpu, tag: tag, owner: context.owner, other: entry.owner))
    } else if entry.vcpu != context.vcpu {
      violate(.otherVCPU(pcpu: pcpu, tag: tag, vcpu: context.vcpu, other: entry.vcpu))
    }
    // The flushes of a VM stand with the VM: the order of flush and use matters.
    touch(objects.vm(context.slot), writes: false, by: pcpu)
    if entry.isForeign { violate(.foreignUse(pcpu: pcpu, tag: tag, page: UInt64(page))) }
    let usable = stage2.promise(.use, context.slot, page)
    if usable.isBroken(by: entry.version) {
      violate(
        .staleHit(
          pcpu: pcpu, tag: tag, page: UInt64(page), version: entry.version,
          oldest: usable.oldest))
    }
    let writable = stage2.promise(.write, context.slot, page)
    if writes { stage2.wrote(context.slot, page, under: writable) }
    if writes && writable.isBroken(by: entry.version) {
      violate(
        .revokedWrite(
          pcpu: pcpu, tag: tag, page: UInt64(page), version: entry.version,
          oldest: writable.oldest))
    }
  }

  /// O3: another VM's entry under the tag, for whatever page, and of stage 2 alone as well.
  mutating func judgeOwnersByLevels(_ pcpu: Int, _ context: Context) {
    judgeOwners(pcpu, context)
    let other = stage2.owner(besides: context.owner, objects.core(pcpu), context.tag)
    if other != 0 {
      violate(.twoOwners(pcpu: pcpu, tag: context.tag, owner: context.owner, other: other))
    }
  }

  /// For O4. Belongs to the step that waited for the flush.
  mutating func stage2Flushed(_ pcpu: Int, _ object: Int, first: UInt64, _ packed: UInt64) {
    guard stage2.isOn, let right = Stage2Right(rawValue: UInt64(object & 1)) else { return }
    let slot = object &>> 1
    let span = Stage2Span(first: first, pages: packed &>> 24)
    if stage2.promise(right, slot, span, notBefore: packed & 0xFF_FFFF) {
      touch(objects.vm(slot), writes: true, by: pcpu)
    }
  }

  /// O14: the host takes a page out of the log of writes. Belongs to the step before, and comes before or
  /// after each write of a guest.
  mutating func takenFromLog(_ pcpu: Int, _ object: Int, page: UInt64, _ version: UInt64) {
    guard stage2.isOn, let touched = stage2.touched(page) else { return }
    let slot = object &>> 1
    touch(objects.vm(slot), writes: true, by: pcpu)
    port.counters[Counter.checksO14.rawValue] &+= 1
    let wasWritten = stage2.takeFromLog(slot, touched, version)
    if wasWritten && object & 1 == 0 { violate(.lostWrite(pcpu: pcpu, slot: slot, page: page)) }
  }

  /// For O10. What a pCPU has issued is known to nobody else: no footprint.
  mutating func rangeFlushBegins(_ pcpu: Int, first: UInt64, _ packed: UInt64) {
    guard stage2.isOn else { return }
    stage2.covers[pcpu] = SpanCover(
      of: Stage2Span(first: first, pages: packed &>> 8, level: Int(packed & 0xFF)))
  }

  /// A flush that is under way issues an invalidation of every TLB.
  mutating func noteForCover(_ pcpu: Int, _ what: UInt64, _ operand: UInt64) {
    if InvalidationCode.isStage2(what) {
      stage2.covers[pcpu]?.add(InvalidationCode.span(what, operand))
    } else if !InvalidationCode.isStage1(what) {
      stage2.covers[pcpu]?.addEverything()
    }
  }

  /// O10: all that a flush issues is issued.
  mutating func rangeFlushEnds(_ pcpu: Int) {
    guard stage2.isOn, let cover = stage2.covers[pcpu] else { return }
    stage2.covers[pcpu] = nil
    port.counters[Counter.checksO10.rawValue] &+= 1
    if let missed = cover.firstMissed {
      violate(
        .underCover(
          pcpu: pcpu, missed: missed, first: cover.wanted.first, pages: cover.wanted.pages,
          level: cover.wanted.level))
    }
  }
}
