// The first way to check a plan: a set of pages, one bit each. No interval is ever compared.

import RangeInvalidation

/// Pages below a limit. A class: it owns memory that many checks use one after the other.
public final class PageSet {
  private let words: UnsafeMutablePointer<UInt64>
  private let limit: UInt64
  /// Words that may have a bit.
  private var dirty: Range<Int> = 0..<0
  /// Pages beyond the limit that were inserted, each time counted.
  private var beyond: UInt64 = 0

  /// An empty set of pages below `limit`, a multiple of 64.
  public init(limit: UInt64) {
    self.limit = limit
    words = .allocate(capacity: Int(limit / 64))
    words.initialize(repeating: 0, count: Int(limit / 64))
  }

  deinit { words.deallocate() }

  /// Puts the pages of `range` in.
  public func insert(_ range: PageRange) {
    let end = min(range.end, limit)
    guard range.start < end else {
      beyond += range.count
      return
    }
    beyond += range.end - end
    let (first, last) = (Int(range.start / 64), Int((end - 1) / 64))
    dirty =
      dirty.isEmpty
      ? first..<last + 1 : min(dirty.lowerBound, first)..<max(dirty.upperBound, last + 1)
    let head = UInt64.max << (range.start % 64)
    let tail = UInt64.max >> (63 - (end - 1) % 64)
    if first == last {
      words[first] |= head & tail
      return
    }
    words[first] |= head
    (words + first + 1).update(repeating: .max, count: last - first - 1)
    words[last] |= tail
  }

  /// How many pages of `wanted` are not in the set, and how many others are; empties it.
  public func takeDifference(from wanted: PageRange) -> (missing: UInt64, extra: UInt64) {
    let (first, last) = (Int(wanted.start / 64), Int((wanted.end - 1) / 64))
    let head = UInt64.max << (wanted.start % 64)
    let tail = UInt64.max >> (63 - (wanted.end - 1) % 64)
    var missing = UInt64(0)
    var extra = beyond
    extra += pages(in: dirty.clamped(to: 0..<first))
    extra += pages(in: dirty.clamped(to: last + 1..<Int(limit / 64)))
    for (index, mask) in first == last ? [(first, head & tail)] : [(first, head), (last, tail)] {
      missing += UInt64((mask & ~words[index]).nonzeroBitCount)
      extra += UInt64((words[index] & ~mask).nonzeroBitCount)
    }
    if last > first + 1 { missing += holes(in: first + 1..<last) }
    (words + dirty.lowerBound).update(repeating: 0, count: dirty.count)
    dirty = 0..<0
    beyond = 0
    return (missing, extra)
  }

  private func pages(in part: Range<Int>) -> UInt64 {
    var count = 0
    for index in part { count += words[index].nonzeroBitCount }
    return UInt64(count)
  }

  /// Pages of whole words that are not in the set. Mostly there are none, and that is quick to see.
  private func holes(in part: Range<Int>) -> UInt64 {
    var all = UInt64.max
    for index in part { all &= words[index] }
    guard all != .max else { return 0 }
    return UInt64(part.count * 64) - pages(in: part)
  }
}

/// By a set of pages.
public func sweepBySet<Rules: PlannerRules>(
  _ rules: Rules.Type, lpa2: Bool, starts: Range<UInt64> = sweepStarts,
  lengths: some Sequence<UInt64>,
  fails: (UInt64, UInt64, Bool) -> Bool
) -> Tally {
  let planner = RangePlanner<Rules>(features: lpa2 ? [.tlbiRange, .lpa2] : .tlbiRange)
  let pages = PageSet(limit: 7_200_000)
  var tally = Tally()
  for count in lengths {
    for start in starts {
      let range = PageRange(start: start, count: count)
      var operations = 0
      let outcome = planner.forEachOperation(flushing: range) { operation, _ in
        operations += 1
        pages.insert(operation.covered(lpa2: lpa2))
      }
      let (missing, extra) = pages.takeDifference(from: range)
      tally.add(
        range, lpa2: lpa2, missing: missing, extra: extra, operations: operations,
        outcome: outcome, expected: fails(start, count, lpa2))
    }
  }
  return tally
}
