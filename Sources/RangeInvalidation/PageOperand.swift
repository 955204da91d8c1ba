// The 64 bits that go with the invalidation of one page.
//
//   63    48 47  44 43                 0
//   |      |  TTL  | page number        |
//
// TTL: granule in 47:46 (1 is 4 KiB), level in 45:44; granule 0 is no hint at all.

/// The operand of TLBI IPAS2E1IS: one address, and what is known of its level (FEAT_TTL).
public struct PageOperand: Hashable, Sendable {
  /// As they go into the register.
  public let bits: UInt64

  /// The operand with these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// The operand for `page`.
  @inlinable @inline(__always) public init(page: UInt64, hint: LevelHint) {
    let level = hint == .unknown ? 0 : 0b0100 | UInt64(hint.rawValue)
    bits = (page & Self.pageMask) | level << 44
  }

  /// The page, bits 43:0.
  @inlinable public var page: UInt64 { bits & Self.pageMask }

  /// TTL as the CPU reads it. A level 0 means something with LPA2 only; without, and for another
  /// granule, it counts as no hint.
  @inlinable public func hint(lpa2: Bool) -> LevelHint {
    let ttl = bits >> 44 & 0b1111
    guard ttl >> 2 == 1 else { return .unknown }
    switch ttl & 0b11 {
    case 1: return .level1
    case 2: return .level2
    case 3: return .level3
    default: return lpa2 ? .level0 : .unknown
    }
  }

  /// The pages whose translations must be gone. An invalidation removes the entry that translates
  /// the address, so it reaches as far as that entry does: as a leaf of the hinted level, otherwise
  /// `stride` pages, which the caller knows.
  @inlinable public func covered(lpa2: Bool, stride: UInt64) -> PageRange {
    guard let pages = hint(lpa2: lpa2).pagesPerLeaf else {
      return PageRange(start: page, count: stride)
    }
    return PageRange(start: page & ~(pages - 1), count: pages)
  }

  @inlinable static var pageMask: UInt64 { 1 << 44 - 1 }
}
