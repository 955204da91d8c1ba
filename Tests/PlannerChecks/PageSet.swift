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
    var missing = UInt64(0)
    var extra = beyond
    for index in dirty where index < first || index > last {
      extra += UInt64(words[index].nonzeroBitCount)
    }
    for index in Set([first, last]) {
      var mask = UInt64.max
      if index == first { mask &= UInt64.max << (wanted.start % 64) }
      if index == last { mask &= UInt64.max >> (63 - (wanted.end - 1) % 64) }
      missing += UInt64((mask & ~words[index]).nonzeroBitCount)
      extra += UInt64((words[index] & ~mask).nonzeroBitCount)
    }
    if last > first + 1 {
      var holes = UInt64(0)
      for index in first + 1..<last { holes |= ~words[index] }
      if holes != 0 {
        for index in first + 1..<last { missing += UInt64((~words[index]).nonzeroBitCount) }
      }
    }
    (words + dirty.lowerBound).update(repeating: 0, count: dirty.count)
    dirty = 0..<0
    beyond = 0
    return (missing, extra)
  }
}
