// The bits of the operands.

import RangeInvalidation
import Testing

@Suite("Range operands") struct RangeOperandTests {
  @Test func `an 8 GiB VM at 1 GiB has the operand that the fix gives`() {
    let operand = RangeOperand(base: 0x40000, scale: 3, num: 31, hint: .unknown)
    #expect(operand.bits == 0x0000_7F80_0004_0000)
    #expect(operand.covered(lpa2: false) == PageRange(start: 0x40000, count: 2_097_152))
  }

  @Test func `every field is read as it was written`() {
    for scale in 0...3 {
      for num in 0...31 {
        for hint in [LevelHint.unknown, .level1, .level2, .level3] {
          for base in [0, 1, 0x12_3456_789A, 1 << 37 - 1] as [UInt64] {
            let operand = RangeOperand(base: base, scale: scale, num: num, hint: hint)
            #expect(operand.scale == scale)
            #expect(operand.num == num)
            #expect(operand.hint == hint)
            #expect(operand.base == base)
            #expect(operand.asid == 0)
            #expect(operand.granuleCode == 1)
          }
        }
      }
    }
  }

  @Test(arguments: [(0, 2), (1, 64), (2, 2048), (3, 65536)] as [(Int, UInt64)])
  func `a scale has its unit, and NUM counts from one`(_ scale: Int, _ unit: UInt64) {
    for num in 0...31 {
      #expect(RangeOperand.pages(num: num, scale: scale) == UInt64(num + 1) * unit)
    }
    #expect(RangeOperand.pages(num: 31, scale: 3) == RangeOperand.maxPages)
  }

  @Test func `with LPA2 the base counts 64 KiB`() {
    let operand = RangeOperand(base: 3, scale: 0, num: 4, hint: .unknown)
    #expect(operand.covered(lpa2: true) == PageRange(start: 48, count: 10))
    #expect(operand.covered(lpa2: false) == PageRange(start: 3, count: 10))
  }

  @Test func `a base beyond its field loses its high bits`() {
    let operand = RangeOperand(base: 1 << 37 | 5, scale: 0, num: 0, hint: .unknown)
    #expect(operand.covered(lpa2: false) == PageRange(start: 5, count: 2))
  }

  @Test func `a NUM of -1 fills every field above it`() {
    let operand = RangeOperand(base: 7, scale: 0, num: -1, hint: .unknown)
    #expect(operand.num == 31)
    #expect(operand.scale == 3)
    #expect(operand.granuleCode == 3)
    #expect(operand.covered(lpa2: false).isEmpty, "not the granule of the tables")
  }

  @Test func `a scale of 4 disappears in TG, and scale 0 is read`() {
    let operand = RangeOperand(base: 7, scale: 4, num: 0, hint: .unknown)
    #expect(operand.bits == RangeOperand(base: 7, scale: 0, num: 0, hint: .unknown).bits)
  }

  @Test(arguments: [0, 2, 3] as [UInt64])
  func `another granule covers nothing`(_ code: UInt64) {
    let bits = RangeOperand(base: 7, scale: 0, num: 0, hint: .unknown).bits
    let other = RangeOperand(bits: bits & ~(0b11 << 46) | code << 46)
    #expect(other.covered(lpa2: false).isEmpty)
  }
}

@Suite("Page operands") struct PageOperandTests {
  @Test func `an unhinted page is one stride`() {
    let operand = PageOperand(page: 0x12345, hint: .unknown)
    #expect(operand.bits == 0x12345)
    #expect(operand.covered(lpa2: false, stride: 1) == PageRange(start: 0x12345, count: 1))
    #expect(operand.covered(lpa2: false, stride: 512) == PageRange(start: 0x12345, count: 512))
  }

  @Test(
    arguments: [(.level3, 1, 0x12345), (.level2, 512, 0x12200), (.level1, 262_144, 0)]
      as [(LevelHint, UInt64, UInt64)])
  func `a hinted page is a leaf of that level`(_ hint: LevelHint, _ pages: UInt64, _ start: UInt64)
  {
    let operand = PageOperand(page: 0x12345, hint: hint)
    #expect(operand.hint(lpa2: false) == hint)
    #expect(operand.covered(lpa2: false, stride: 1) == PageRange(start: start, count: pages))
  }

  @Test func `level 0 means something with LPA2 only`() {
    let operand = PageOperand(page: 0x12345, hint: .level0)
    #expect(operand.hint(lpa2: true) == .level0)
    #expect(operand.hint(lpa2: false) == .unknown)
  }

  @Test func `a hint is for leaves of its level, no hint for everything`() {
    for level in 0...3 { #expect(LevelHint.unknown.reachesLeaves(of: level)) }
    #expect(LevelHint.unknown.reachesTables)
    for (index, hint) in [LevelHint.level0, .level1, .level2, .level3].enumerated() {
      for level in 0...3 { #expect(hint.reachesLeaves(of: level) == (level == index)) }
      #expect(!hint.reachesTables)
    }
  }
}
