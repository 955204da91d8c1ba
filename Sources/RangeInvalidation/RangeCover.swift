// O10: an invalidation of a range reaches every page of it.

/// Collects what the operations of one flush cover, and holds it against the pages that were wanted.
///
/// Sees: a page that no operation covers (certain: the operands' bits are what the CPU reads), and
/// how many pages were invalidated that nobody asked for (allowed, but each must be walked again).
/// Cannot see: a hint that excludes the entries that are there, an operation that went to another
/// VMID or was not waited for; those are for whoever knows the table.
///
/// Operations may come in any order and overlap. Costs a comparison for one that begins where the
/// last one ended, else a few; nothing is allocated.
public struct RangeCover: Sendable {
  /// The pages that had to be invalidated.
  public let wanted: PageRange
  /// What is covered: disjoint, ascending, not touching each other.
  @usableFromInline var pieces = InlineArray<16, PageRange>(
    repeating: PageRange(start: 0, count: 0))
  @usableFromInline var pieceCount = 0
  @usableFromInline var isExact = true

  /// Nothing is covered yet.
  @inlinable public init(wanted: PageRange) { self.wanted = wanted }

  /// An operation was issued.
  @inlinable @inline(__always)
  public mutating func add(_ operation: RangeOperation, lpa2: Bool, stride: UInt64 = 1) {
    add(operation.covered(lpa2: lpa2, stride: stride))
  }

  /// The translations of `pages` are gone.
  @inlinable @inline(__always)
  public mutating func add(_ pages: PageRange) {
    if pieceCount > 0, pieces[pieceCount &- 1].end == pages.start {
      let last = pieces[pieceCount &- 1]
      pieces[pieceCount &- 1] = PageRange(start: last.start, count: last.count &+ pages.count)
    } else {
      insert(pages)
    }
  }

  /// Joins `pages` with every piece that it overlaps or touches.
  @inlinable @inline(never)
  mutating func insert(_ pages: PageRange) {
    guard !pages.isEmpty else { return }
    var low = 0
    while low < pieceCount, pieces[low].end < pages.start { low += 1 }
    var high = low
    var (start, end) = (pages.start, pages.end)
    while high < pieceCount, pieces[high].start <= end {
      start = min(start, pieces[high].start)
      end = max(end, pieces[high].end)
      high += 1
    }
    if high == low, pieceCount == pieces.count {
      // Full: what lies between the new piece and its neighbour counts as covered from here on.
      isExact = false
      let neighbour = low == pieceCount ? low - 1 : low
      start = min(start, pieces[neighbour].start)
      end = max(end, pieces[neighbour].end)
      low = neighbour
      high = neighbour + 1
    }
    replace(low..<high, with: PageRange(start: start, count: end - start))
  }

  @inlinable
  mutating func replace(_ old: Range<Int>, with new: PageRange) {
    let shift = 1 - old.count
    if shift > 0 {
      for index in stride(from: pieceCount - 1, through: old.upperBound, by: -1) {
        pieces[index + 1] = pieces[index]
      }
    } else if shift < 0 {
      for index in old.upperBound..<pieceCount { pieces[index + shift] = pieces[index] }
    }
    pieces[old.lowerBound] = new
    pieceCount += shift
  }

  /// What was reached, and what was not.
  @inlinable public var verdict: RangeCoverVerdict {
    var (inside, all): (UInt64, UInt64) = (0, 0)
    var cursor = wanted.start
    var firstMissing: UInt64?
    for index in 0..<pieceCount {
      let piece = pieces[index]
      all += piece.count
      let (from, to) = (max(piece.start, wanted.start), min(piece.end, wanted.end))
      guard from < to else { continue }
      if from > cursor, firstMissing == nil { firstMissing = cursor }
      inside += to - from
      cursor = to
    }
    if cursor < wanted.end, firstMissing == nil { firstMissing = cursor }
    return RangeCoverVerdict(
      missing: wanted.count - inside, firstMissing: firstMissing, extra: all - inside,
      isExact: isExact)
  }
}

/// What O10 says of one flush.
public struct RangeCoverVerdict: Hashable, Sendable {
  /// Wanted pages that no operation covers; any is FORBIDDEN.
  public let missing: UInt64
  /// The first of them.
  public let firstMissing: UInt64?
  /// Pages that were not wanted but are covered: allowed.
  public let extra: UInt64
  /// False if there were more than 16 separate pieces: then gaps between them were closed, and there
  /// may be more missing and fewer extra pages than said.
  public let isExact: Bool

  /// A verdict of these figures.
  @inlinable
  public init(missing: UInt64, firstMissing: UInt64?, extra: UInt64, isExact: Bool) {
    self.missing = missing
    self.firstMissing = firstMissing
    self.extra = extra
    self.isExact = isExact
  }

  /// Whether every wanted page was reached.
  @inlinable public var isCovered: Bool { missing == 0 }
}
