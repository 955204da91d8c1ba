// An operation of the controlled machine, as it crosses into the engine: one integer.

import Domain

/// What kind of step an operation is.
public enum StepKind: UInt8, Sendable, CaseIterable {
  // Words.
  case load, store, exchange, add, or, compareExchange
  case release
  // Those that wait until they may go on.
  case acquire, wait, waitForInvalidations, waitForCalls
  // Hardware.
  case install, leaveGuest, clearContext, translate, speculate, invalidate, call
  // What the hardware does by itself; only agents make these steps.
  case arriveInvalidation, arriveInterrupt, fillUnasked
  // Devices that share a VM's address space.
  case attachDevice, detachDevice
  // Encrypted guests: caches and firmware.
  case writeBackCache, firmware
  // No schedule points: barriers, and what is said to the oracles. Plain memory has its own way in.
  case fence, choose
  case rolloverBegins, throughout, lostTag, rolloverEnds
  case judgeEntry, flushCompleted, takeInterruption, contextOf, flushCount, bug
  case tagFreed, tagAllocated, noTagFound, touchMemory
  case innerFlushCompleted
  case rangeFlushBegins, rangeFlushEnds, stage2Flushed, takenFromLog

  /// Whether a scheduler decides before it. Fences order, but touch nothing.
  @inlinable @inline(__always)
  public var isSchedulePoint: Bool {
    unsafeBitCast(self, to: UInt8.self) < unsafeBitCast(StepKind.fence, to: UInt8.self)
  }

  /// Whether its object is a word that it reads or writes.
  public var isOnWord: Bool { rawValue <= StepKind.wait.rawValue }

  /// Whether it may have to wait: then it can be chosen only when its condition holds.
  @inlinable @inline(__always)
  public var mayWait: Bool {
    let raw = unsafeBitCast(self, to: UInt8.self)
    return raw >= unsafeBitCast(StepKind.acquire, to: UInt8.self)
      && raw <= unsafeBitCast(StepKind.waitForCalls, to: UInt8.self)
  }

  /// The name in traces and replay files.
  public var name: String { "\(self)" }
}

/// Every ordering of every kind of access, in one byte.
public enum OrderCode: UInt8, Sendable {
  case relaxed, acquire, release, acquireRelease, sequentiallyConsistent, fullyOrdered
  case storeStore, loadLoad, full, contextSwitch

  /// Whether a read with it synchronises with what it reads.
  @inlinable @inline(__always) public var acquires: Bool {
    switch self {
    case .acquire, .acquireRelease, .sequentiallyConsistent, .fullyOrdered, .full,
      .contextSwitch, .loadLoad:
      true
    case .relaxed, .release, .storeStore: false
    }
  }

  /// Whether a write with it publishes what came before.
  @inlinable @inline(__always) public var releases: Bool {
    switch self {
    case .release, .acquireRelease, .sequentiallyConsistent, .fullyOrdered, .full,
      .contextSwitch, .storeStore:
      true
    case .relaxed, .acquire, .loadLoad: false
    }
  }
}

/// kind | order << 8 | site << 16 | object << 32, as the front packs it: constants fold.
public struct ControlledOperation: Equatable, Sendable {
  /// The packed form.
  public let bits: UInt64

  /// The operation with these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// Packs an operation; `object` is below 2^32.
  @inlinable @inline(__always)
  public init(_ kind: StepKind, _ order: OrderCode = .relaxed, _ site: Site, object: Int) {
    bits =
      UInt64(kind.rawValue) | UInt64(order.rawValue) &<< 8 | UInt64(site.number) &<< 16
      | UInt64(truncatingIfNeeded: object) &<< 32
  }

  /// What kind of step it is.
  @inlinable @inline(__always)
  public var kind: StepKind {
    // The cases are numbered from 0 without gaps: their raw values are how they are stored.
    unsafeBitCast(UInt8(truncatingIfNeeded: bits), to: StepKind.self)
  }

  /// Its ordering.
  @inlinable @inline(__always)
  public var order: OrderCode {
    unsafeBitCast(UInt8(truncatingIfNeeded: bits &>> 8), to: OrderCode.self)
  }

  /// Where in the source it is made.
  @inlinable @inline(__always)
  public var site: Site { Site(UInt16(truncatingIfNeeded: bits &>> 16)) }

  /// The number of the object that it is made to.
  @inlinable @inline(__always) public var object: Int { Int(truncatingIfNeeded: bits &>> 32) }
}

extension LoadOrder {
  /// The same, among all orderings.
  @inlinable @inline(__always) public var code: OrderCode {
    switch self {
    case .relaxed: .relaxed
    case .acquire: .acquire
    case .sequentiallyConsistent: .sequentiallyConsistent
    }
  }
}

extension StoreOrder {
  /// The same, among all orderings.
  @inlinable @inline(__always) public var code: OrderCode {
    switch self {
    case .relaxed: .relaxed
    case .release: .release
    case .sequentiallyConsistent: .sequentiallyConsistent
    }
  }
}

extension UpdateOrder {
  /// The same, among all orderings.
  @inlinable @inline(__always) public var code: OrderCode {
    switch self {
    case .relaxed: .relaxed
    case .acquire: .acquire
    case .release: .release
    case .acquireRelease: .acquireRelease
    case .sequentiallyConsistent: .sequentiallyConsistent
    case .fullyOrdered: .fullyOrdered
    }
  }
}

extension FenceOrder {
  /// The same, among all orderings.
  @inlinable @inline(__always) public var code: OrderCode {
    switch self {
    case .acquire: .acquire
    case .release: .release
    case .storeStore: .storeStore
    case .loadLoad: .loadLoad
    case .full: .full
    case .contextSwitch: .contextSwitch
    }
  }
}

/// What an invalidation removes, as it crosses into the engine: bit 0 says whether it reaches every
/// pCPU; bits 1 and 2 everything (0), a tag (2), a page (4), a span of stage 2 (6).
public enum InvalidationCode {
  /// All that was made of stage 1 under a tag.
  @inlinable public static var stage1: UInt64 { 8 | 2 }

  /// A span of stage 2: pages << 8 | level << 4 | 6. The operand holds tag | first page << 16.
  @inlinable public static func stage2(_ span: Stage2Span) -> UInt64 {
    span.pages &<< 8 | UInt64(truncatingIfNeeded: span.level) &<< 4 | 6
  }

  /// Whether it leaves what TLBs hold of stage 2 alone.
  @inlinable public static func isStage1(_ what: UInt64) -> Bool { what & 14 == stage1 }

  /// Whether it is a span of stage 2.
  @inlinable public static func isStage2(_ what: UInt64) -> Bool { what & 6 == 6 }

  /// The span that `what` and `operand` name.
  @inlinable public static func span(_ what: UInt64, _ operand: UInt64) -> Stage2Span {
    Stage2Span(first: operand &>> 16, pages: what &>> 8, level: Int(what &>> 4 & 7))
  }
}

/// What a translation through tables with levels returns, as it stands in traces: outcome | level << 4 |
/// origin << 8. Where tables are flat it is the outcome alone.
public struct TranslationStep: Equatable, Sendable {
  /// Where the translation was found.
  public enum Origin: UInt64, Sendable {
    /// In the TLB, of both stages.
    case combinedEntry
    /// In the TLB, of stage 2 alone.
    case stage2Entry
    /// By a walk from the root.
    case root
    /// By a walk from a table that the TLB remembered.
    case rememberedTable
  }

  /// The packed form.
  public let bits: UInt64

  /// The step with these bits.
  @inlinable public init(bits: UInt64) { self.bits = bits }

  /// `outcome`: 0 for a fault, 1 for a fill, 2 for a hit; `level`: that of the leaf.
  @inlinable
  public init(outcome: UInt64, level: Int, _ origin: Origin) {
    bits = outcome | UInt64(truncatingIfNeeded: level) &<< 4 | origin.rawValue &<< 8
  }

  /// 0 for a fault, 1 for a fill, 2 for a hit.
  @inlinable public var outcome: UInt64 { bits & 3 }
  /// The level of the leaf; 0 where tables are flat, and where there is none.
  @inlinable public var level: Int { Int(bits &>> 4 & 3) }
  /// Where it was found; means nothing without a level.
  @inlinable public var origin: Origin { Origin(rawValue: bits &>> 8 & 3) ?? .combinedEntry }
}
