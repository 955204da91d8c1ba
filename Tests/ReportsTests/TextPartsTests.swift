import Testing

@testable import Reports

@Suite("Text parts") struct TextPartsTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"),
    (UInt64.max, "18,446,744,073,709,551,615"),
  ])
  func `a number is grouped by thousands`(_ value: UInt64, _ text: String) {
    #expect(TextNumber.grouped(value) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (12.0, "12"), (999.0, "999"), (1000.0, "1.00 k"), (12_345.0, "12.3 k"),
    (123_456.0, "123 k"), (1_500_000.0, "1.50 M"), (2.5e9, "2.50 G"), (0.25, "0.25"),
  ])
  func `a short number has three digits and a unit`(_ value: Double, _ text: String) {
    #expect(TextNumber.short(value) == text)
  }

  @Test(arguments: [
    (2.0, 2, "2.00"), (-1.5, 1, "-1.5"), (0.005, 2, "0.01"), (1.995, 0, "2"), (-0.001, 2, "0.00"),
  ])
  func `a fixed number has as many digits as asked for`(
    _ value: Double, _ digits: Int, _ text: String
  ) {
    #expect(TextNumber.fixed(value, digits) == text)
  }

  @Test func `a fixed number that is none says so`() {
    #expect(TextNumber.fixed(.nan, 2) == "nan")
    #expect(TextNumber.fixed(.infinity, 2) == "inf")
  }

  @Test(arguments: [(12.345, "12.35 s"), (0.0123, "12.30 ms"), (0.000_5, "500 us")])
  func `a time has the unit that fits`(_ value: Double, _ text: String) {
    #expect(TextNumber.seconds(value) == text)
  }

  @Test func `columns have one width and lines no blanks at their end`() {
    let lines = TextTable.render([["a", "1", ""], ["bbb", "22", "x"]], alignRight: [1])
    #expect(lines == ["a     1", "bbb  22  x"])
  }

  @Test func `items that do not fit go on in the next line`() {
    let item = String(repeating: "x", count: 40)
    #expect(
      TextTable.wrap([item, item, item], label: "ab ")
        == ["ab " + item + "  " + item, "   " + item])
    #expect(TextTable.wrap([], label: "ab ") == ["ab "])
  }

  @Test func `colour is there when asked for and only then`() {
    #expect(TextStyle(isColoured: true).bad("x") == "\u{1B}[31;1mx\u{1B}[0m")
    #expect(TextStyle(isColoured: false).bad("x") == "x")
  }
}
