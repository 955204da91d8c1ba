// The planning loop: a range of pages becomes single and range operations.

/// Plans the invalidation of ranges, with the decisions of `Rules`.
///
/// A value that is made once per VM or per call; it allocates nothing. KVM's callers know neither the
/// level nor the size of the mapping: `unknown`, stride 1.
public struct RangePlanner<Rules: PlannerRules>: Sendable {
  /// What the CPU has. Without `tlbiRange` every page gets its own operation.
  public let features: RangeFeatures
  /// What every operation says of the level.
  public let hint: LevelHint
  /// Pages per single operation: those that one leaf translates.
  public let stride: UInt64

  /// A planner for a CPU with `features`.
  @inlinable
  public init(features: RangeFeatures, hint: LevelHint = .unknown, stride: UInt64 = 1) {
    self.features = features
    self.hint = hint
    self.stride = stride
  }

  /// The operations for `range`, in the order in which they are issued.
  ///
  /// - Precondition: `range` has at most `RangeOperand.maxPages` pages, and whole strides.
  @inlinable @inline(__always)
  public func operations(for range: PageRange) -> RangeOperations<Rules> {
    RangeOperations(for: range, by: self)
  }

  /// The operations for a range of any length, split as `RangeChunks` splits it.
  ///
  /// - Parameter body: called with each operation and with the chunk that it is for.
  /// - Returns: `complete`, or what the first chunk that went wrong came to.
  @inlinable @inline(__always) @discardableResult
  public func forEachOperation(
    flushing range: PageRange, _ body: (RangeOperation, PageRange) throws -> Void
  ) rethrows -> PlanOutcome {
    var outcome = PlanOutcome.complete
    for chunk in RangeChunks(of: range) {
      var operations = operations(for: chunk)
      while let operation = operations.next() { try body(operation, chunk) }
      if outcome == .complete { outcome = operations.outcome }
    }
    return outcome
  }
}

/// The planner of today's kernel.
public typealias CurrentPlanner = RangePlanner<DecreasingScale>

/// How planning ended.
public enum PlanOutcome: Hashable, Sendable {
  /// Every page is in an operation.
  case complete
  /// Operations are still to come.
  case underway
  /// The loop had pages left and went on with a scale that there is not; the first such scale. What
  /// it issued from there on reads otherwise than it was meant.
  case leftScales(at: Int)
  /// The count of pages wrapped below 0, or many passes issued nothing: in a kernel, a loop that
  /// doesn't end.
  case endless
}

/// The operations for one range, one after the other. A value: a copy plans the rest again.
public struct RangeOperations<Rules: PlannerRules>: Sequence, IteratorProtocol {
  @usableFromInline var start: UInt64
  @usableFromInline var left: UInt64
  @usableFromInline var scale: Int
  /// The first scale out of 0 ... 3 that a pass had.
  @usableFromInline var lostScale: Int?
  @usableFromInline var idlePasses = 0
  @usableFromInline var isEndless = false
  @usableFromInline let planner: RangePlanner<Rules>

  @inlinable @inline(__always)
  init(for range: PageRange, by planner: RangePlanner<Rules>) {
    start = range.start
    left = range.count
    scale = Rules.firstScale
    self.planner = planner
  }

  /// The next operation; nil at the end, whatever kind of end it is.
  @inlinable @inline(__always)
  public mutating func next() -> RangeOperation? {
    let lpa2 = planner.features.contains(.lpa2)
    let hasRanges = planner.features.contains(.tlbiRange)
    while left > 0, !isEndless {
      if !hasRanges || Rules.takesOnePage(start: start, left: left, lpa2: lpa2) {
        return takeOnePage()
      }
      let used = scale
      let num = Rules.num(left: left, scale: used)
      scale = Rules.nextScale(after: used)
      if used & ~3 != 0 { noteLost(used) }
      if num >= 0 { return takeRange(scale: used, num: num, lpa2: lpa2) }
      idlePasses &+= 1
      if idlePasses == Self.mostIdlePasses { isEndless = true }
    }
    return nil
  }

  /// How planning ended, or that it has not.
  @inlinable public var outcome: PlanOutcome {
    if isEndless { return .endless }
    if let lostScale { return .leftScales(at: lostScale) }
    return left == 0 ? .complete : .underway
  }

  @inlinable @inline(__always)
  mutating func takeOnePage() -> RangeOperation {
    let operand = PageOperand(page: start, hint: planner.hint)
    start &+= planner.stride
    left = left > planner.stride ? left &- planner.stride : 0
    return .page(operand)
  }

  @inlinable @inline(__always)
  mutating func takeRange(scale: Int, num: Int, lpa2: Bool) -> RangeOperation {
    let base = lpa2 ? start >> 4 : start
    let operand = RangeOperand(base: base, scale: scale, num: num, hint: planner.hint)
    let pages = RangeOperand.pages(num: num, scale: scale)
    start &+= pages
    if pages == 0 || pages > left { isEndless = true } else { left &-= pages }
    return .range(operand)
  }

  @inlinable @inline(never)
  mutating func noteLost(_ scale: Int) {
    if lostScale == nil { lostScale = scale }
  }

  /// Shift counts repeat after 64 scales, so one that finds no page in twice as many finds none.
  @inlinable static var mostIdlePasses: Int { 128 }
}
