// How invalidations reach what live pCPUs remember of stage 2 alone: pages by intermediate address, and
// tables. The twin of `InvalidationBus`, which governs what they made of both stages together.
//
// Two buses and not one, because hardware has two operations: one by intermediate address takes nothing
// from combined entries, and one of stage 1 takes nothing from here. What drops both drops this one
// first. See `LivePCPU+Stage2.swift` for why that order is enough.

import Domain
import Synchronization

/// The invalidations of a run by intermediate address, shared by all pCPUs.
@usableFromInline
struct Stage2Bus: Sendable {
  static let ringSize: UInt64 = 256
  /// Page numbers and counts of pages have so many bits; what is above them in a record is its number.
  private static let pageBits: UInt64 = 40
  private static let pageMask: UInt64 = 1 << pageBits - 1
  private static let numberMask: UInt64 = 1 << InvalidationBus.fineBits - 1
  private static let wordsPerRecord = 4
  /// All pages there are.
  static let allPages = Stage2Span(first: 0, pages: pageMask)

  let head: LiveWord
  private let ring: LiveWord

  /// A bus on which nothing was invalidated yet.
  init(in memory: LiveMemory) {
    head = memory.word(initially: 0, named: "stage-2 invalidation head")
    ring =
      memory.words(
        Int(Stage2Bus.ringSize) * Stage2Bus.wordsPerRecord, initially: .max, .packed,
        named: "stage-2 invalidation ring")[0]
  }

  /// The stamp for what a walk that begins now finds. Acquire: pairs with the release of `drop`.
  var stamp: UInt64 { head.address.pointee.load(ordering: .acquiring) }

  /// Drops everything, now.
  func dropEverything() {
    head.address.pointee.add(1 &<< InvalidationBus.fineBits, ordering: .sequentiallyConsistent)
  }

  /// Drops what `span` means under `tag`, now.
  ///
  /// A record is three words, and each carries the record's number: a reader that finds another number
  /// in one of them, because it was not yet written or was written again, drops its entry.
  func drop(_ tag: Tag, _ span: Stage2Span) {
    let number = head.address.pointee.add(1, ordering: .sequentiallyConsistent).oldValue
    let name = (number & Stage2Bus.numberMask) &<< Stage2Bus.pageBits
    let record = place(of: number)
    let words = (
      span.first & Stage2Bus.pageMask, min(span.pages, Stage2Bus.pageMask),
      UInt64(truncatingIfNeeded: span.level) &<< 16 | tag.number & 0xFFFF
    )
    record.address.pointee.store(name | words.0, ordering: .releasing)
    record.advanced(by: 1).address.pointee.store(name | words.1, ordering: .releasing)
    record.advanced(by: 2).address.pointee.store(name | words.2, ordering: .releasing)
  }

  /// Whether nothing between the two heads was meant for `item`.
  func spares(_ item: Stage2Item, since stamp: UInt64, now: UInt64) -> Bool {
    if stamp == now { return true }
    if stamp &>> InvalidationBus.fineBits != now &>> InvalidationBus.fineBits { return false }
    if now &- stamp > Stage2Bus.ringSize { return false }  // overflow counts as a hit on it
    var number = stamp
    while number != now {
      guard let (tag, span) = record(number) else { return false }
      if tag == item.tag.number & 0xFFFF, item.isMeant(by: span) { return false }
      number &+= 1
    }
    return true
  }

  /// Record `number`; nil if its place does not hold it, or not all of it.
  private func record(_ number: UInt64) -> (tag: UInt64, span: Stage2Span)? {
    let name = number & Stage2Bus.numberMask
    let record = place(of: number)
    let first = record.address.pointee.load(ordering: .acquiring)
    let pages = record.advanced(by: 1).address.pointee.load(ordering: .acquiring)
    let rest = record.advanced(by: 2).address.pointee.load(ordering: .acquiring)
    let bits = Stage2Bus.pageBits
    guard first &>> bits == name, pages &>> bits == name, rest &>> bits == name else { return nil }
    return (
      rest & 0xFFFF,
      Stage2Span(
        first: first & Stage2Bus.pageMask, pages: pages & Stage2Bus.pageMask,
        level: Int(truncatingIfNeeded: rest &>> 16 & 0xFF))
    )
  }

  private func place(of number: UInt64) -> LiveWord {
    ring.advanced(by: Int(number & (Stage2Bus.ringSize &- 1)) &* Stage2Bus.wordsPerRecord)
  }
}

/// Something that a walk found, or that a cache remembers of one.
struct Stage2Item {
  /// Under which tag.
  let tag: Tag
  /// The first page that the table's entry spans ...
  let first: UInt64
  /// ... and how many.
  let pages: UInt64
  /// The entry's level if it maps something; 0 if it names a table.
  let leafLevel: Int

  /// Whether an invalidation of `span` removes it. A hint names the level of leaves: leaves of other
  /// levels may stay then, and so may what is remembered of tables.
  func isMeant(by span: Stage2Span) -> Bool {
    (span.level == 0 || span.level == leafLevel) && span.meets(first, pages)
  }
}
