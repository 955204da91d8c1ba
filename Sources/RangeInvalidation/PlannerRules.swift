// The decisions of the planning loop. The defaults are those of today's kernel; a version that was
// once wrong overrides the one decision that it took otherwise.

/// How a version of the planner decides.
public protocol PlannerRules: Sendable {
  /// The SCALE of the first pass.
  static var firstScale: Int { get }
  /// The SCALE of the pass behind one with `scale`.
  static func nextScale(after scale: Int) -> Int
  /// Whether one page is taken with a single operation before anything else.
  ///
  /// - Parameters:
  ///   - start: the first page that is left.
  ///   - left: pages that are left, at least 1.
  ///   - lpa2: whether range operands count units of 64 KiB.
  static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool
  /// NUM for as many of the `left` pages as go with `scale`; -1 if none do.
  static func num(left: UInt64, scale: Int) -> Int
  /// What the caller's range is after planning: the caller tells the listeners of the address space
  /// (the MMU notifiers, an SMMU among them) of it.
  static func callersRange(after range: PageRange) -> PageRange
}

extension PlannerRules {
  /// The largest ranges first: they begin where the whole range does, 64 KiB aligned with LPA2, and
  /// keep that for those behind them.
  @inlinable @inline(__always) public static var firstScale: Int { 3 }

  /// Downwards. 0 must be the last.
  @inlinable @inline(__always)
  public static func nextScale(after scale: Int) -> Int { scale &- 1 }

  /// The last page of an odd number; with LPA2 also pages up to the next 64 KiB boundary, since the
  /// operand of a range cannot say where between two boundaries it begins.
  @inlinable @inline(__always)
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool {
    left == 1 || (lpa2 && start & 15 != 0)
  }

  /// As many as there are, but 32 units at most.
  @inlinable @inline(__always)
  public static func num(left: UInt64, scale: Int) -> Int {
    let most: UInt64 = 32 &<< RangeOperand.shift(scale)
    return Int(truncatingIfNeeded: min(left, most) &>> RangeOperand.shift(scale)) &- 1
  }

  /// Left alone: the loop works on copies.
  @inlinable @inline(__always)
  public static func callersRange(after range: PageRange) -> PageRange { range }
}
