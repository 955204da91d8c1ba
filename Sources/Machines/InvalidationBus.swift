// How TLB invalidations reach the TLBs of live pCPUs, without a lock between guest and TLB.
//
// One word, the head, counts them: the upper part how often everything was invalidated, the lower
// 24 bits how many finer ones there were. The finer ones' targets stand in a ring. A TLB entry
// carries the head of the moment before its walk; it is good while the head is still the same, or
// while nothing between the two heads was meant for it. So an invalidation takes effect for every
// TLB at the moment it moves the head, and a fill whose walk began before is dead when it lands.

import Domain
import Synchronization

/// The invalidations of a run, shared by all pCPUs.
public struct InvalidationBus: Sendable {
  @usableFromInline static let fineBits: UInt64 = 24
  @usableFromInline static let ringSize: UInt64 = 64
  @usableFromInline static let wholeTag: UInt64 = 0xFFFF_FFFF

  @usableFromInline let head: LiveWord
  @usableFromInline let ring: LiveWord

  /// A bus on which nothing was invalidated yet.
  public init(in memory: LiveMemory) {
    head = memory.word(initially: 0, named: "invalidation head")
    ring =
      memory.words(
        Int(InvalidationBus.ringSize), initially: .max, .packed, named: "invalidation ring")[0]
  }

  /// The stamp for an entry whose walk begins now. Acquire: pairs with the release of `drop`, so
  /// that whoever still sees the old table entry took its stamp before the invalidation.
  @inlinable @inline(__always)
  var stamp: UInt64 { head.address.pointee.load(ordering: .acquiring) }

  /// How often everything was invalidated so far.
  @inlinable public var everythingCount: UInt64 { head.value &>> InvalidationBus.fineBits }

  /// Invalidates everything in all TLBs, now.
  @inlinable
  func dropEverything() {
    head.address.pointee.add(1 &<< InvalidationBus.fineBits, ordering: .sequentiallyConsistent)
  }

  /// Invalidates one page of a tag, or the whole tag if `page` is nil, in all TLBs, now.
  ///
  /// Between the two steps a reader finds the ring's place not yet written and drops its entry:
  /// more than asked for, never less.
  @inlinable
  func drop(_ tag: Tag, page: UInt64?) {
    let count = head.address.pointee.add(1, ordering: .sequentiallyConsistent).oldValue
    let place = Int(count & (InvalidationBus.ringSize &- 1))
    let record = InvalidationBus.record(
      number: count, tag: tag, page: page ?? InvalidationBus.wholeTag)
    ring.advanced(by: place).address.pointee.store(record, ordering: .releasing)
  }

  /// Whether an entry for (`tag`, `page`) with this old stamp survived all that came since.
  @usableFromInline @inline(never)
  func stillHolds(stamp: UInt64, now: UInt64, tag: Tag, page: UInt64) -> Bool {
    if stamp &>> InvalidationBus.fineBits != now &>> InvalidationBus.fineBits { return false }
    if now &- stamp > InvalidationBus.ringSize { return false }  // overflow counts as a hit on it
    var number = stamp
    while number != now {
      let place = Int(number & (InvalidationBus.ringSize &- 1))
      let record = ring.advanced(by: place).address.pointee.load(ordering: .acquiring)
      // A place not yet written, or written again, no longer says what `number` was about.
      if record &>> 48 != number & 0xFFFF { return false }
      let target = record & 0xFFFF_FFFF
      if record &>> 32 & 0xFFFF == tag.number,
        target == page || target == InvalidationBus.wholeTag
      {
        return false
      }
      number &+= 1
    }
    return true
  }

  /// number (16 bits) | tag (16) | page (32).
  @inlinable
  static func record(number: UInt64, tag: Tag, page: UInt64) -> UInt64 {
    (number & 0xFFFF) &<< 48 | (tag.number & 0xFFFF) &<< 32 | (page & 0xFFFF_FFFF)
  }
}
