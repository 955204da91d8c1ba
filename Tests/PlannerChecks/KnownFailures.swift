// On which inputs each version must fail, and on which it must not: written from the fixes, without
// running a loop.

import RangeInvalidation

/// A version whose failures are known.
public protocol KnownRules: PlannerRules {
  /// Whether planning `pages` (at most 2,097,152) from `start` fails.
  static func fails(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool
}

extension KnownRules {
  /// The same for any length: one chunk that fails is enough.
  public static func failsSomewhere(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool {
    var (start, left) = (start, pages)
    while left > 2_097_152 {
      if fails(start: start, pages: 2_097_152, lpa2: lpa2) { return true }
      start += 2_097_152
      left -= 2_097_152
    }
    return fails(start: start, pages: left, lpa2: lpa2)
  }
}

extension DecreasingScale: KnownRules {
  /// Never.
  public static func fails(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool { false }
}

extension ArgumentsAdvanced: KnownRules {
  /// Not in what it issues.
  public static func fails(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool { false }
}

extension MaskedDecreasingScale: KnownRules {
  /// The longest range. With LPA2, off a boundary, single pages come first and make it shorter.
  public static func fails(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool {
    pages == 2_097_152 && (!lpa2 || start % 16 == 0)
  }
}

extension IncreasingScale: KnownRules {
  /// The longest range. With LPA2 also where a range operation begins off a boundary: the first one,
  /// or the second one because the first has no whole number of 16 pages.
  public static func fails(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool {
    if pages == 2_097_152 { return true }
    let (first, even) = (start + pages % 2, pages - pages % 2)
    return lpa2 && even > 0 && (first % 16 != 0 || (even >= 64 && even % 16 != 0))
  }
}

extension UnmaskedIncreasingScale: KnownRules {
  /// Whatever does not come out even in the scale that it ends with.
  public static func fails(start: UInt64, pages: UInt64, lpa2: Bool) -> Bool {
    let (first, even) = (start + pages % 2, pages - pages % 2)
    if lpa2, even > 0, first % 16 != 0 { return true }
    if even <= 64 { return false }
    if even <= 64 + 2048 { return (even - 64) % 64 != 0 }
    if even <= 64 + 2048 + 65536 { return (even - 64 - 2048) % 2048 != 0 }
    return (even - 64 - 2048 - 65536) % 65536 != 0
  }
}
