// What is refused, and in which words.

import RangeInvalidation
import Testing

@Suite("Bad ranges") struct RangeValidationTests {
  @Test(
    arguments: [
      (-1, 1, "the first page is -1, but there is nothing below 0; give 0 or more"),
      (0, -1, "the number of pages is -1, but there is nothing below 0; give 1 or more"),
      (
        Int.min, Int.min,
        "the first page is \(Int.min), but there is nothing below 0; give 0 or more"
      ),
      (
        0, 0, "the range has no page, but there is nothing to invalidate then; give at least 1 page"
      ),
      (
        0, 1_048_577,
        "1048577 pages from 0 end behind the address space, which has 1048576 pages (32 bits); "
          + "give at most 1048576 from there"
      ),
      (
        1_048_576, 1,
        "1 page from 1048576 ends behind the address space, which has 1048576 pages (32 bits); "
          + "start below 1048576"
      ),
      (
        1, Int.max,
        "\(Int.max) pages from 1 end behind the address space, which has 1048576 pages (32 bits); "
          + "give at most 1048575 from there"
      ),
    ])
  func `pages`(_ start: Int, _ count: Int, _ text: String) {
    let error = #expect(throws: RangeError.self) {
      try PageRange(checkingStart: start, count: count, ipaBits: 32)
    }
    #expect(error?.description == text)
  }

  @Test(
    arguments: [
      (-4096, 4096, "the first address is -4096, but there is nothing below 0; give 0 or more"),
      (0, -4096, "the size is -4096, but there is nothing below 0; give 1 or more"),
      (
        100, 4096,
        "the first address is 100, but invalidations take whole pages of 4096 bytes; "
          + "give 0 or 4096"
      ),
      (
        4096, 5000,
        "the size is 5000, but invalidations take whole pages of 4096 bytes; give 4096 or 8192"
      ),
      (
        0, 0, "the range has no page, but there is nothing to invalidate then; give at least 1 page"
      ),
      (
        1 << 32 - 4096, 8192,
        "8192 bytes from 4294963200 end behind the address space, which has 4294967296 bytes "
          + "(32 bits); give at most 4096 from there"
      ),
    ])
  func `addresses`(_ start: Int, _ size: Int, _ text: String) {
    let error = #expect(throws: RangeError.self) {
      try AddressRange(checkingStart: start, size: size, ipaBits: 32)
    }
    #expect(error?.description == text)
  }

  @Test func `good ones, to the last page`() throws {
    let pages = try PageRange(checkingStart: 1_048_575, count: 1, ipaBits: 32)
    #expect(pages == PageRange(start: 1_048_575, count: 1))
    let bytes = try AddressRange(checkingStart: 4096, size: 1 << 32 - 4096, ipaBits: 32)
    #expect(bytes.pages == PageRange(start: 1, count: 1_048_575))
  }

  @Test func `features by name`() throws {
    #expect(try RangeFeatures(parsing: "") == [])
    #expect(try RangeFeatures(parsing: "tlbirange") == .tlbiRange)
    #expect(try RangeFeatures(parsing: "lpa2,tlbirange,fwb") == [.tlbiRange, .fwb, .lpa2])
  }

  @Test(
    arguments: [
      (
        "tlbirang",
        "there is no feature 'tlbirang'; did you mean tlbirange? there are tlbirange, fwb, lpa2"
      ),
      ("fwb,", "there is no feature ''; there are tlbirange, fwb, lpa2"),
      ("LPA2", "there is no feature 'LPA2'; did you mean lpa2? there are tlbirange, fwb, lpa2"),
      ("\u{1B}[2J", "there is no feature '?[2J'; there are tlbirange, fwb, lpa2"),
    ])
  func `unknown features`(_ names: String, _ text: String) {
    let error = #expect(throws: RangeError.self) { try RangeFeatures(parsing: names) }
    #expect(error?.description == text)
  }

  @Test(arguments: [(31, false), (49, false), (53, true), (-1, true)])
  func `widths that no VM has`(_ bits: Int, _ lpa2: Bool) {
    let features: RangeFeatures = lpa2 ? .lpa2 : []
    #expect(throws: RangeError.ipaBits(bits, features: features)) {
      try features.checkIPABits(bits)
    }
  }

  @Test func `unknown versions`() {
    #expect(throws: RangeError.unknownVersion("curent")) { try PlannerVersion(named: "curent") }
    for version in PlannerVersion.allCases {
      #expect((try? PlannerVersion(named: version.rawValue)) == version)
    }
  }
}
