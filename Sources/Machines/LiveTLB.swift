// The TLB of one live pCPU. Only its own thread reads or writes the entries.

import Domain

/// One TLB entry; 32 bytes.
@usableFromInline
struct TLBEntry: BitwiseCopyable {
  /// tag << 32 | page; `LiveTLB.emptyKey` for an entry that was never filled or was dropped.
  @usableFromInline var key: UInt64
  /// The bus's head from before the walk.
  @usableFromInline var stamp: UInt64
  /// The table entry as it was read.
  @usableFromInline var tableEntry: UInt64
  /// Whose table that was.
  @usableFromInline var owner: VMIdentity
  /// The vCPU that ran, and from bit `LiveTLB.innerShift` on which `Inner` of it.
  @usableFromInline var vcpu: UInt32

  @inlinable
  init(key: UInt64, stamp: UInt64, tableEntry: UInt64, owner: VMIdentity, vcpu: UInt32 = 0) {
    self.key = key
    self.stamp = stamp
    self.tableEntry = tableEntry
    self.owner = owner
    self.vcpu = vcpu
  }
}

/// A direct-mapped TLB of 64 entries, tagged, filled by demand and by speculation.
@usableFromInline
struct LiveTLB {
  @usableFromInline static let entryCount = 64
  /// Of an empty entry: no context has it.
  @usableFromInline static var emptyKey: UInt64 { .max - 1 }
  /// Of an empty context register: no entry has it, whatever page is put in.
  @usableFromInline static var noContext: UInt64 { .max }

  @usableFromInline let entries: UnsafeMutablePointer<TLBEntry>
  /// Per entry: the bits of the inner table's entry that it was made from. Only where VMs nest.
  let innerEntries: UnsafeMutablePointer<UInt64>
  /// Where the number of an inner guest stands beside a vCPU's.
  @usableFromInline static var innerShift: UInt32 { 16 }

  /// Per tag: who filled last under it here. A hint for O3, confirmed by a scan of the entries.
  @usableFromInline let lastOwner: UnsafeMutablePointer<VMIdentity>

  init(in memory: LiveMemory, tagCount: Int, nests: Bool = false) {
    innerEntries = memory.array(of: nests ? LiveTLB.entryCount : 1, 0)
    entries = memory.array(
      of: LiveTLB.entryCount, TLBEntry(key: LiveTLB.emptyKey, stamp: .max, tableEntry: 0, owner: 0))
    lastOwner = memory.array(of: tagCount, 0)
  }

  /// What `tag` contributes to a key.
  @inlinable @inline(__always)
  static func contextKey(_ tag: Tag) -> UInt64 { tag.number &<< 32 }

  @inlinable @inline(__always)
  static func tag(of key: UInt64) -> Tag { Tag(key &>> 32) }

  /// Where `key` belongs. Pages of one tag lie side by side; tags are spread so that they share
  /// the TLB.
  @inlinable @inline(__always)
  static func place(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &+ (key &>> 32) &* 19) & UInt64(entryCount - 1))
  }

  /// Another VM's live entry under `tag`; 0 if there is none.
  @usableFromInline @inline(never)
  func otherOwner(under tag: Tag, than owner: VMIdentity, bus: InvalidationBus) -> VMIdentity {
    let now = bus.stamp
    for place in 0..<LiveTLB.entryCount {
      let entry = entries[place]
      guard entry.key &>> 32 == tag.number, entry.owner != owner, entry.key != LiveTLB.emptyKey
      else {
        continue
      }
      if entry.stamp == now
        || bus.stillHolds(stamp: entry.stamp, now: now, tag: tag, page: entry.key & 0xFFFF_FFFF)
      {
        return entry.owner
      }
    }
    return 0
  }

  /// How many entries were good when the bus's head was `head`.
  func countAlive(at head: UInt64, bus: InvalidationBus) -> UInt64 {
    var count: UInt64 = 0
    for place in 0..<LiveTLB.entryCount {
      let entry = entries[place]
      guard entry.key != LiveTLB.emptyKey else { continue }
      let isAlive =
        entry.stamp == head
        || bus.stillHolds(
          stamp: entry.stamp, now: head, tag: LiveTLB.tag(of: entry.key),
          page: entry.key & 0xFFFF_FFFF)
      if isAlive { count &+= 1 }
    }
    return count
  }

  /// Drops everything here, for an invalidation that reaches only this pCPU.
  @usableFromInline
  func clear() {
    for place in 0..<LiveTLB.entryCount { entries[place].key = LiveTLB.emptyKey }
  }

  /// Drops what is under `tag`, or one page of it.
  @usableFromInline
  func clear(_ tag: Tag, page: UInt64?) {
    for place in 0..<LiveTLB.entryCount where entries[place].key &>> 32 == tag.number {
      if page == nil || page == entries[place].key & 0xFFFF_FFFF {
        entries[place].key = LiveTLB.emptyKey
      }
    }
  }
}
