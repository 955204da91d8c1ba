// The 64 bits that go with one range instruction.
//
//   63       48 47  46 45   44 43  39 38  37 36      0
//   | ASID     |  TG  | SCALE | NUM  | TTL  | BADDR  |
//
// After the Arm ARM (DDI 0487, TLBI RVAE1 and RIPAS2E1) as arch/arm64/include/asm/tlbflush.h uses it.

/// The operand of TLBI RIPAS2E1IS: a base and a length of (NUM + 1) << (5 * SCALE + 1) pages.
///
/// Whatever the bits are, the properties say what the CPU reads, not what was meant: a NUM of -1 or a
/// SCALE of 4 runs into the fields beside it, a base off its unit loses its low bits.
public struct RangeOperand: Hashable, Sendable {
  /// As they go into the register.
  public let bits: UInt64

  /// The operand with these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// Puts the fields together as v5.9 to v6.9 did: only BADDR is cut to its width, so that a `num`
  /// or a `scale` out of range disturbs the fields above. ASID is 0, as stage 2 has it, and TG is
  /// that of 4 KiB. Later kernels cut every field; for values in range both give the same bits.
  ///
  /// - Parameters:
  ///   - base: the page number, or with LPA2 that of the 64 KiB unit.
  ///   - scale: 0 to 3.
  ///   - num: 0 to 31.
  ///   - hint: what is known of the leaves.
  @inlinable @inline(__always)
  public init(base: UInt64, scale: Int, num: Int, hint: LevelHint) {
    bits =
      (base & Self.baseMask) | hint.rangeCode << 37
      | UInt64(bitPattern: Int64(num)) << 39 | UInt64(bitPattern: Int64(scale)) << 44
      | Self.granule4KiB << 46
  }

  /// ASID, bits 63:48. Reserved in stage-2 operations: the CPU doesn't look at it.
  @inlinable public var asid: UInt64 { bits >> 48 }
  /// TG, bits 47:46: the granule of the tables; 1 is 4 KiB.
  @inlinable public var granuleCode: UInt64 { bits >> 46 & 0b11 }
  /// SCALE, bits 45:44.
  @inlinable public var scale: Int { Int(bits >> 44 & 0b11) }
  /// NUM, bits 43:39.
  @inlinable public var num: Int { Int(bits >> 39 & 0b1_1111) }
  /// TTL, bits 38:37: the level hint, 0 for none.
  @inlinable public var hint: LevelHint {
    switch bits >> 37 & 0b11 {
    case 1: .level1
    case 2: .level2
    case 3: .level3
    default: .unknown
    }
  }
  /// BADDR, bits 36:0, in pages, or with LPA2 in units of 64 KiB.
  @inlinable public var base: UInt64 { bits & Self.baseMask }

  /// The pages that the CPU must invalidate the translations of. None if TG is not that of 4 KiB
  /// tables: the CPU need not touch entries of another granule.
  ///
  /// - Parameter lpa2: whether BADDR counts units of 64 KiB.
  @inlinable public func covered(lpa2: Bool) -> PageRange {
    let start = base << (lpa2 ? Self.lpa2UnitShift : 0)
    guard granuleCode == Self.granule4KiB else { return PageRange(start: start, count: 0) }
    return PageRange(start: start, count: Self.pages(num: num, scale: scale))
  }

  /// Pages of `num` and `scale`. Shift counts beyond 63 wrap, as those of arm64's shift instructions
  /// do; in C they are undefined, and only faulty planners get there.
  @inlinable @inline(__always)
  public static func pages(num: Int, scale: Int) -> UInt64 {
    UInt64(bitPattern: Int64(num &+ 1)) &<< shift(scale)
  }

  /// The pages of NUM 0 at `scale`, as a power of two.
  @inlinable @inline(__always)
  static func shift(_ scale: Int) -> UInt64 { UInt64(bitPattern: Int64(5 &* scale &+ 1)) }

  /// What one instruction can cover at most: NUM 31, SCALE 3; 8 GiB (MAX_TLBI_RANGE_PAGES).
  @inlinable public static var maxPages: UInt64 { 2_097_152 }

  /// 64 KiB are 16 pages.
  @inlinable static var lpa2UnitShift: UInt64 { 4 }
  @inlinable static var granule4KiB: UInt64 { 1 }
  @inlinable static var baseMask: UInt64 { 1 << 37 - 1 }
}
