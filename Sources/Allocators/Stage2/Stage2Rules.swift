// The steps of the stage-2 code that a fault may replace. The defaults are the right ones.

import Domain
import Machines
import RangeInvalidation

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol Stage2Rules: Sendable {
  /// How a range becomes instructions.
  associatedtype Planner: PlannerRules = DecreasingScale
  /// The level hint of ranges.
  static var rangeHint: LevelHint { get }
  /// The level hint for a leaf of `level`.
  static func leafHint(_ level: Int) -> LevelHint
  /// The level hint for the table that an entry of `level` named.
  static func tableHint(_ level: Int) -> LevelHint
  /// What is flushed when an entry that named a table is broken: it spans `span`, and somebody came
  /// to it with page `page`.
  static func flushed(_ span: Stage2Span, brokenAt page: UInt64) -> Stage2Span
  /// Flushes a range of `vm` where ranges are unknown.
  static func flushWithoutRanges<M: Machine>(_ vm: Stage2VM<M>, _ stage2: Stage2<M, Self>, on m: M)
  /// Whether unmapping flushes leaves by one range at its end.
  static func defersLeafFlushes(_ features: RangeFeatures) -> Bool
  /// Whether unmapping flushes a table before it gives its memory back.
  static func flushesTableNow(defersLeaves: Bool) -> Bool
  /// Whether unmapping flushes before it gives memory back.
  static var flushesBeforeGiving: Bool { get }
  /// Whether a fault logs a write while it holds its share of the lock.
  static var logsUnderLock: Bool { get }
  /// Waits until stage-2 invalidations are complete, before stage 1.
  static func waitBetweenStages<M: Machine>(on m: M)
  /// Whether unmapping reads the VM's number once for all its parts.
  static var readsTagOnce: Bool { get }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension Stage2Rules {
  /// Ranges hold leaves of any level, and tables.
  public static var rangeHint: LevelHint { .unknown }

  public static func leafHint(_ level: Int) -> LevelHint { LevelHint(leafOf: level) }

  /// Hints are for leaves (36e008323926), and 0 is a level, not "unknown" (0f0ff097bf77).
  public static func tableHint(_ level: Int) -> LevelHint { .unknown }

  /// All of it, from its own begin on (4c36a1567388).
  public static func flushed(_ span: Stage2Span, brokenAt page: UInt64) -> Stage2Span { span }

  public static func flushWithoutRanges<M: Machine>(
    _ vm: Stage2VM<M>, _ stage2: Stage2<M, Self>, on m: M
  ) {
    stage2.flushAll(vm, on: m)
  }

  /// stage2_unmap_defer_tlb_flush: without FWB each page needs cache maintenance, for which nobody may
  /// reach it any more.
  public static func defersLeafFlushes(_ features: RangeFeatures) -> Bool {
    features.contains([.tlbiRange, .fwb])
  }

  /// Always: a walk could go on through a table that is somebody else's memory (f62d4c3eb687).
  public static func flushesTableNow(defersLeaves: Bool) -> Bool { true }

  public static var flushesBeforeGiving: Bool { true }

  public static var logsUnderLock: Bool { true }

  public static func waitBetweenStages<M: Machine>(on m: M) {
    m.waitForInvalidations(at: Stage2Sites.flushStage2Wait)
  }

  /// No: a rollover between two parts may give the VM another one.
  public static var readsTagOnce: Bool { false }
}

/// The steps as merged, with their fixes.
public enum Stage2AsMerged: Stage2Rules {}
