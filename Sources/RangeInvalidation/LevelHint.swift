// What an invalidation says about the level of the entries that it is about.

/// The translation level that an invalidation is said to be about (TTL in the operand).
///
/// A hint narrows: hardware may leave every entry of another level where it is, and every table
/// entry. So a hint is right for leaves of a known level only; whoever breaks a table, or doesn't
/// know the level, says `unknown`.
public enum LevelHint: UInt8, Sendable, CaseIterable {
  /// Level 0, blocks of 512 GiB. Only the operand of one page can say it, and only with LPA2; the
  /// operand of a range has no code for it. KVM said it by mistake where it meant `unknown`
  /// (0f0ff097bf77 follows c910f2b65518).
  case level0
  /// Blocks of 1 GiB.
  case level1
  /// Blocks of 2 MiB.
  case level2
  /// Pages of 4 KiB.
  case level3
  /// Entries of every level, tables included.
  case unknown

  /// The two bits of TTL in the operand of a range; 0 says nothing.
  @inlinable public var rangeCode: UInt64 {
    switch self {
    case .level1: 1
    case .level2: 2
    case .level3: 3
    case .level0, .unknown: 0
    }
  }

  /// Pages of 4 KiB that one leaf of the level translates; nil if no level is named.
  @inlinable public var pagesPerLeaf: UInt64? {
    switch self {
    case .level0: 1 << 27
    case .level1: 1 << 18
    case .level2: 1 << 9
    case .level3: 1
    case .unknown: nil
    }
  }

  /// Whether an invalidation with this hint must reach leaves of `level` (0 to 3).
  @inlinable public func reachesLeaves(of level: Int) -> Bool {
    self == .unknown || Int(rawValue) == level
  }

  /// Whether an invalidation with this hint must reach cached table entries: a hint is about leaves.
  @inlinable public var reachesTables: Bool { self == .unknown }
}
