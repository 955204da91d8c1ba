// The exact oracles that look at more than one step: rollovers and ids. What they read belongs to
// the footprint of the step before, so a reduction knows what an oracle sees.

import Domain
import Machines

extension EngineState {
  /// A rollover of `pcpu` starts: who is in the guest must keep the tag, if it stays in.
  mutating func rolloverBegins(_ pcpu: Int) {
    port.counters[Counter.rollovers.rawValue] &+= 1
    contexts[pcpu].flushIssued = false
    contexts[pcpu].flushComplete = false
    for other in 0..<pcpuCount where other != pcpu {
      touch(objects.context(other), writes: false, by: pcpu)
      contexts[other].serialAtRollover[pcpu] =
        contexts[other].isInGuest ? contexts[other].serial : 0
    }
    noteDevices(rolloverOf: pcpu)
  }

  /// The context of `other` if it has been in one guest ever since the rollover of `pcpu` began.
  mutating func liveThroughout(_ other: Int, since pcpu: Int) -> UInt64 {
    if other == pcpu { return 0 }
    if other >= pcpuCount { return deviceThroughout(other &- pcpuCount, since: pcpu) }
    touch(objects.context(other), writes: false, by: pcpu)
    let context = contexts[other]
    let isThroughout =
      context.isInGuest && context.serial == context.serialAtRollover[pcpu]
    return isThroughout ? contextWord(other).bits : 0
  }

  /// O5: a rollover has ended, and the flush that it must make is complete.
  mutating func rolloverEnds(_ pcpu: Int) {
    if !contexts[pcpu].flushComplete { violate(.noFlush(pcpu: pcpu)) }
  }

  /// O7, O8: the id with which a guest is entered.
  mutating func judgeEntry(_ pcpu: Int, vcpu: Int, tags: UInt64, generation: UInt64) {
    let late = tags & 0x7FFF_FFFF
    let published = tags &>> 32
    let isFlushed = tags & ControlledMachine.entryFlushed != 0
    let isUntagged = hardware.allowsUntagged && late == 0 && isFlushed
    if !isUntagged && (late == 0 || late > hardware.highestTag) {
      violate(.outOfRange(pcpu: pcpu, tag: late))
    }
    // 0: the system publishes nothing before its last look.
    if published != 0 && late != published {
      violate(.tagChanged(pcpu: pcpu, published: published, entered: late))
    }
    if generation < lastGeneration[vcpu] {
      violate(.generationBack(pcpu: pcpu, from: lastGeneration[vcpu], to: generation))
    }
    lastGeneration[vcpu] = generation
  }

  /// O11: a tag is given back. Somebody had it, and nobody runs with it.
  mutating func tagFreed(_ pcpu: Int, _ tag: UInt64) {
    guard tag < tagCount else { return }
    touch(objects.tag(Int(tag)), writes: true, by: pcpu)
    if freedTags[Int(tag)] { violate(.freedTwice(pcpu: pcpu, tag: tag)) }
    freedTags[Int(tag)] = true
    anyFreed = true
    if tag < 64 { heldTags &= ~(1 &<< tag) }
    for other in 0..<pcpuCount where contexts[other].isInGuest && contexts[other].tag == tag {
      violate(.freedInUse(pcpu: pcpu, tag: tag, user: other))
    }
  }

  mutating func tagAllocated(_ pcpu: Int, _ tag: UInt64) {
    guard tag < tagCount else { return }
    touch(objects.tag(Int(tag)), writes: true, by: pcpu)
    freedTags[Int(tag)] = false
    if tag < 64 { heldTags |= 1 &<< tag }
    if hardware.encrypts { judgeLines(pcpu, tag) }
  }

  /// O9: none of these tags could be had, so somebody has each of them. Nothing is said of those that
  /// are not kept.
  mutating func noTagFound(_ pcpu: Int, from first: UInt64, through last: UInt64) {
    var tag = first
    while tag <= min(last, 63), tag < tagCount {
      touch(objects.tag(Int(tag)), writes: false, by: pcpu)
      if heldTags &>> tag & 1 == 0 { violate(.tagLeft(pcpu: pcpu, tag: tag)) }
      tag &+= 1
    }
  }

  /// For O4. Belongs to the step that waited for the flush.
  mutating func flushCompleted(_ pcpu: Int, slot: Int, page: Int, version: UInt64) {
    touch(objects.vm(slot), writes: true, by: pcpu)
    let place = oldestValid + (slot &* pages &+ page)
    place.pointee = max(place.pointee, version)
  }
}
