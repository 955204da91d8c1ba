import Testing

@testable import Reports

@Suite("Plan report") struct PlanReportTests {
  private func report(missing: UInt64, lost: String? = nil, told: UInt64 = 3) -> PlanReport {
    PlanReport(
      version: "current", source: "somewhere", lpa2: true, start: 16, pages: 3,
      operations: [
        .init(chunk: 0, operand: 16, scale: nil, num: nil, start: 16, pages: 1),
        .init(chunk: 0, operand: 0x4000_0000_0001, scale: 0, num: 0, start: 16, pages: 2),
      ], missing: missing, firstMissing: missing > 0 ? 18 : nil, extra: 0, isExact: true,
      lost: lost, toldPages: told)
  }

  @Test func `a table and a verdict`() {
    let text = report(missing: 1).text(style: TextStyle(isColoured: false))
    #expect(
      text == """
        plan 3 pages from page 16, current, lpa2 (somewhere)

                operand             scale  num  base page  pages
        single  0x0000000000000010      -    -         16      1
        range   0x0000400000000001      0    0         16      2

        O10 RangeCover  UNDER-COVERED: 1 of 3 pages are missed, the first is page 18; 0 others are covered

        """)
  }

  @Test func `covered is right only if the loop did not lose its way`() {
    #expect(report(missing: 0).isRight)
    #expect(!report(missing: 0, lost: "so").isRight)
    #expect(!report(missing: 1).isRight)
  }

  @Test func `what the notifiers are told is said if it is not the range`() {
    let style = TextStyle(isColoured: false)
    #expect(report(missing: 0, told: 0).text(style: style).contains("told of 0 pages instead of 3"))
    #expect(!report(missing: 0).text(style: style).contains("told"))
  }

  @Test func `operands are texts in JSON, since they have 64 bits`() throws {
    let line = try JSONLine.render(report(missing: 0))
    #expect(line.contains(#""operand":"0x0000400000000001""#))
    #expect(line.contains(#""firstMissing":null"#))
  }
}
