// Multi-level stage-2 tables as the hardware walks them: how many levels, how wide, and what an entry
// holds.

import Domain

/// The shape of a stage-2 table. The last level is 3, as Arm numbers them: its entries map one page
/// each. Entries of levels 1 and 2 map a block or name the table below.
///
/// With `bits` 9 it is the 4 KiB granule: 2 MiB blocks at level 2, 1 GiB blocks at level 1. Worlds for
/// controlled execution are narrower, so that there are few entries.
public struct TableShape: Equatable, Sendable, BitwiseCopyable {
  /// The level of the root, 0 to 3.
  public let firstLevel: Int
  /// Index bits of the root; Arm lets it be wider than the others (concatenated tables).
  public let rootBits: Int
  /// Index bits of every other table.
  public let bits: Int
  /// Guests touch every so-manieth page only: their page i is page i * stride of the address space.
  /// Without it a world of gigabytes would need as many places to remember what each page promised.
  public let stride: UInt64

  /// A shape. `firstLevel` 0...3, widths at least 1, `stride` at least 1.
  public init(firstLevel: Int, rootBits: Int, bits: Int, stride: UInt64 = 1) {
    precondition((0...3).contains(firstLevel) && rootBits > 0 && bits > 0 && stride > 0)
    self.firstLevel = firstLevel
    self.rootBits = rootBits
    self.bits = bits
    self.stride = stride
  }

  /// How far a page's number is shifted to find its index at `level`.
  @inlinable public func shift(_ level: Int) -> UInt64 {
    UInt64(truncatingIfNeeded: (3 &- level) &* bits)
  }
  /// Pages that one entry of `level` spans.
  @inlinable public func pagesPerEntry(_ level: Int) -> UInt64 { 1 &<< shift(level) }
  /// Entries of a table of `level`.
  @inlinable public func entryCount(_ level: Int) -> Int {
    1 &<< (level == firstLevel ? rootBits : bits)
  }
  /// Pages of the whole address space.
  @inlinable public var pageCount: UInt64 {
    pagesPerEntry(firstLevel) &<< UInt64(truncatingIfNeeded: rootBits)
  }
  /// Where the entry for `page` stands in its table of `level`.
  @inlinable public func index(of page: UInt64, _ level: Int) -> Int {
    Int(truncatingIfNeeded: page &>> shift(level)) & (entryCount(level) &- 1)
  }
  /// The first page of what the entry for `page` at `level` spans.
  @inlinable public func base(of page: UInt64, _ level: Int) -> UInt64 {
    page & ~(pagesPerEntry(level) &- 1)
  }
  /// Whether an entry of `level` may map a block: there are none of 512 GiB.
  @inlinable public func allowsBlocks(_ level: Int) -> Bool { level == 1 || level == 2 }
}

/// An entry of a stage-2 table: version << 40 | (owner + 1) << 32 | number << 4 | flags.
///
/// Hardware has no version and no owner in its entries. The simulator writes them along, so that an
/// oracle can tell from what a guest uses when it was made and for whom.
public struct Stage2Entry: Equatable, Sendable {
  /// The word as it stands in the table.
  public let bits: UInt64

  /// The entry with these bits.
  @inlinable public init(bits: UInt64) { self.bits = bits }

  @inlinable static var validBit: UInt64 { 1 }
  @inlinable static var tableBit: UInt64 { 2 }
  @inlinable static var writableBit: UInt64 { 4 }
  @inlinable static var lockedBit: UInt64 { 8 }

  /// Maps nothing.
  @inlinable public static var empty: Stage2Entry { Stage2Entry(bits: 0) }
  /// Maps nothing, and belongs to whoever breaks it before making (KVM_INVALID_PTE_LOCKED).
  @inlinable public static var locked: Stage2Entry { Stage2Entry(bits: lockedBit) }
  /// What stands in a table page that was freed: the memory is somebody else's, and whatever a walk
  /// finds there translates to nobody's page.
  @inlinable public static var poison: Stage2Entry {
    Stage2Entry(bits: validBit | writableBit)
  }

  /// The entry that names table `number`.
  @inlinable public init(table number: Int) {
    bits = UInt64(truncatingIfNeeded: number) &<< 4 | Self.tableBit | Self.validBit
  }

  /// A page or block of `slot` that starts at `frame`, made as change `version` of its VM's tables.
  @inlinable
  public init(frame: UInt64, of slot: VMSlot, version: UInt64, isWritable: Bool) {
    bits =
      version &<< 40 | (UInt64(truncatingIfNeeded: slot.index &+ 1) & 0xFF) &<< 32
      | (frame & 0x0FFF_FFFF) &<< 4 | (isWritable ? Self.writableBit : 0) | Self.validBit
  }

  /// Whether the hardware takes it for a translation or a table.
  @inlinable public var isValid: Bool { bits & Self.validBit != 0 }
  /// Whether it names a table.
  @inlinable public var isTable: Bool { bits & 3 == 3 }
  /// Whether it maps a page or a block.
  @inlinable public var isLeaf: Bool { bits & 3 == 1 }
  /// Whether guests may write through it.
  @inlinable public var isWritable: Bool { bits & Self.writableBit != 0 }
  /// Whether somebody breaks it.
  @inlinable public var isLocked: Bool { bits & 9 == Self.lockedBit }
  /// The table that it names, or the first frame that it maps.
  @inlinable public var number: UInt64 { bits &>> 4 & 0x0FFF_FFFF }
  /// Whose it is; nil for what nobody's memory holds.
  @inlinable public var slot: VMSlot? {
    let owner = Int(truncatingIfNeeded: bits &>> 32 & 0xFF)
    return owner == 0 ? nil : VMSlot(owner &- 1)
  }
  /// Grows with every change of its VM's tables, modulo 2^24.
  @inlinable public var version: UInt64 { bits &>> 40 }

  /// The same, to be written through or not.
  @inlinable public func writable(_ isWritable: Bool) -> Stage2Entry {
    Stage2Entry(bits: isWritable ? bits | Self.writableBit : bits & ~Self.writableBit)
  }
  /// The same, as change `version`.
  @inlinable public func changed(_ version: UInt64) -> Stage2Entry {
    Stage2Entry(bits: bits & 0xFF_FFFF_FFFF | version &<< 40)
  }
}

/// What an invalidation by intermediate physical address names: pages, and which entries for them.
public struct Stage2Span: Equatable, Sendable {
  /// The first page.
  public var first: UInt64
  /// How many.
  public var pages: UInt64
  /// The level of the leaf entries that are meant, 1 to 3: hardware may keep all others, and what it
  /// remembers of tables. 0: unknown, everything for these pages goes. `levelZero`: level 0, so that
  /// hardware may keep everything.
  public var level: Int

  /// What `level` is where level 0 is named.
  @inlinable public static var levelZero: Int { 4 }

  /// These pages.
  @inlinable public init(first: UInt64, pages: UInt64, level: Int = 0) {
    self.first = first
    self.pages = pages
    self.level = level
  }

  /// Whether an entry that spans `count` pages from `page` on is among them.
  @inlinable public func meets(_ page: UInt64, _ count: UInt64) -> Bool {
    page < first &+ pages && first < page &+ count
  }
}

/// What a flush has taken from old translations.
public enum Stage2Right: UInt64, Sendable {
  /// All: they must not be used.
  case use
  /// They must not be written through.
  case write
}
