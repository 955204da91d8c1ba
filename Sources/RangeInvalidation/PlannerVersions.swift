// The planner as it is and as it was. __flush_tlb_range_op in arch/arm64/include/asm/tlbflush.h;
// before 360839027a6e (v6.6) the loop stood in __flush_tlb_range itself.
//
// "Fails" below: pages are missed, or the loop leaves the scales 0 to 3 with pages left. Lengths are
// those of one call: at most 2,097,152 pages (RangeChunks). What a loop does after it has left the
// scales is undefined in C (shift counts below 0 or above 63); here they wrap as those of arm64's
// shift instructions do, which for `MaskedDecreasingScale` gives the very operand that was reported.

/// The planner of today: decreasing scale, a single last page, NUM up to 31, copies of the arguments.
/// v6.9 and later for the operations, f7edb07ad7c6 for the copies. Never fails.
public enum DecreasingScale: PlannerRules {}

/// The macro advanced the variables that its caller had passed: behind it the caller's range was
/// empty, and with that it told the MMU notifiers. 6bbd42e2df8f up to f7edb07ad7c6.
///
/// The invalidations are right on every input; what is told is wrong on every input. The fix says
/// that listeners took an empty range for everything, so that it cost time only.
public enum ArgumentsAdvanced: PlannerRules {
  /// Where the loop has stopped, with nothing behind it.
  @inlinable public static func callersRange(after range: PageRange) -> PageRange {
    PageRange(start: range.end, count: 0)
  }
}

/// Decreasing scale (e2768b798a19) with the five-bit mask on the number of units from before it; the
/// state that e3ba51ab24fd repaired. 32 units become 0, NUM becomes -1.
///
/// Fails on 2,097,152 pages that begin at a range operation: always without LPA2, with it if the
/// start is 64 KiB aligned. At no scale a NUM is found, the loop goes on below 0 and comes, at scale
/// -9, to an operand that reads SCALE 3, NUM 1: 131,072 of the 2,097,152 pages. Only KVM asks for so
/// many (117940aa6e5f); it was seen as lost dirty pages after live migration of an 8 GiB VM.
public enum MaskedDecreasingScale: PlannerRules {
  /// Five bits of units.
  @inlinable @inline(__always)
  public static func num(left: UInt64, scale: Int) -> Int {
    Int(truncatingIfNeeded: left &>> RangeOperand.shift(scale) & 31) &- 1
  }
}

/// The first planner (d1d3aa98b1d4, v5.9) up to e2768b798a19: an odd page first, then increasing
/// scale, NUM up to 30 by the mask.
///
/// Without LPA2 it fails on 2,097,152 pages only: the scale goes on to 4, which runs into TG, and the
/// operand reads SCALE 0, NUM 0: 2 pages. With LPA2 (which it never met in a kernel; to get there the
/// direction had to change) it also fails wherever a range operation begins off a 64 KiB boundary,
/// since BADDR loses the rest: with a = start + 1 and e = pages - 1 for an odd number of pages, a =
/// start and e = pages otherwise, if e > 0 and (a is off a boundary, or e >= 64 and e is no multiple
/// of 16).
public enum IncreasingScale: PlannerRules {
  /// The smallest first.
  @inlinable @inline(__always) public static var firstScale: Int { 0 }

  /// Upwards.
  @inlinable @inline(__always)
  public static func nextScale(after scale: Int) -> Int { scale &+ 1 }

  /// The first page of an odd number. LPA2 is not known.
  @inlinable @inline(__always)
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool {
    left & 1 == 1
  }

  /// Five bits of units: 32 of them are left to the next scale, as one.
  @inlinable @inline(__always)
  public static func num(left: UInt64, scale: Int) -> Int {
    MaskedDecreasingScale.num(left: left, scale: scale)
  }
}

/// Increasing scale without the mask: e3ba51ab24fd without e2768b798a19, as a candidate for 6.6-stable
/// had it; it didn't boot on the FVP. Each scale takes all it can, so what is left fits the next one
/// by chance only.
///
/// With e = pages without the odd one, it succeeds exactly if e <= 64, or e - 64 is a multiple of 64
/// up to 2,048, or e - 2,112 one of 2,048 up to 65,536, or e - 67,648 one of 65,536; otherwise the
/// scale goes past 3. With LPA2 it also fails if a range operation begins off a 64 KiB boundary: e > 0
/// and the start (plus 1 for an odd number) is off one.
public enum UnmaskedIncreasingScale: PlannerRules {
  /// The smallest first.
  @inlinable @inline(__always) public static var firstScale: Int { 0 }

  /// Upwards.
  @inlinable @inline(__always)
  public static func nextScale(after scale: Int) -> Int { scale &+ 1 }

  /// The first page of an odd number. LPA2 is not known.
  @inlinable @inline(__always)
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool {
    left & 1 == 1
  }
}
