import Foundation
import Testing

@testable import Reports

@Suite("Report of bench --range") struct RangeReportTests {
  private let costs = RangeReport.Costs(
    calibratedOn: "Unmap VM, 4 KiB, 1 GB", nsPerLeaf: 491.85, nsPerBroadcast: 780.48,
    constantRatio: 4.1538)

  private func events(_ leaves: UInt64, _ broadcasts: UInt64) -> RangeReport.Events {
    RangeReport.Events(
      leaves: leaves, broadcasts: broadcasts, rangeInvalidations: 1, pageInvalidations: 2,
      tagInvalidations: 3)
  }

  private func row(_ measure: String, knowsThread: Bool) -> RangeReport.Row {
    var base = events(1_160, 2_320)
    if measure != "Unmap VM" {
      base.accesses = 1_000_000_000
      base.refills = 33_500_000
      base.walkSteps = 270_000_000
    }
    var row = RangeReport.Row(
      measure: measure, backing: "2 MiB", gigabytes: 1, vcpus: 128, features: "tlbirange,fwb",
      costs: costs, events: RangeReport.Pair(base: base, series: base),
      predictedSeconds: RangeReport.Pair(base: 0.0024, series: 0.0006), predictedRatio: 4.11)
    guard knowsThread else { return row }
    row.threadSeconds = RangeReport.Pair(base: 0.009, series: 0.005)
    row.threadRatio = 1.8
    row.baseError = -0.736
    row.seriesError = -0.884
    row.savedError = -0.55
    row.ratioError = 1.281
    row.ratioGivenBase = 1.25
    row.givenBaseError = -0.306
    row.constantRatioError = 1.308
    row.unexplainedSeconds = RangeReport.Pair(base: 0.0066, series: 0.0044)
    row.notExplained = ["base", "series", "saved", "ratio"]
    return row
  }

  private func text(_ rows: [RangeReport.Row], lines: [RangeReport.Line] = []) -> String {
    RangeReport(
      host: "a host", features: "tlbirange,fwb", costs: costs, rows: rows, lines: lines
    ).text()
  }

  private func words(_ text: String, after header: String) throws -> [String] {
    let lines = text.split(separator: "\n")
    let place = try #require(lines.firstIndex { $0.hasPrefix(header) })
    return lines[place + 1].split(separator: " ").map(String.init)
  }

  @Test func `every figure of Unmap VM stands in its column`() throws {
    let text = text([row("Unmap VM", knowsThread: true)])
    #expect(
      try words(text, after: "GB  leaves") == [
        "1", "1.16", "k", "2.32", "k", "2.32", "k", "0.0090", "0.0024", "-73.6", "%", "0.0050",
        "0.0006", "-88.4", "%", "0.0040", "0.0018", "-55.0", "%",
      ])
    #expect(
      try words(text, after: "GB  ratio") == [
        "1", "1.80", "4.11", "+128.1", "%", "1.25", "-30.6", "%", "+130.8", "%", "6.6,", "4.4",
        "not", "explained:", "4.4", "ms", "in", "both",
      ])
    #expect(text.contains("491.9 ns for each leaf taken out, 780.5 ns for each invalidation"))
    #expect(text.contains("on one row and on nothing else, Unmap VM, 4 KiB, 1 GB:"))
    #expect(text.hasSuffix("host: a host\n"))
  }

  @Test func `every figure of ADJUST_MAPPINGS stands in its column`() throws {
    var row = row("ADJUST_MAPPINGS", knowsThread: true)
    row.baseError = nil
    row.notExplained = []
    let text = text([row])
    // 128 vCPUs share 10^9 accesses, so that each has 7,812,500: 9 ms are 1.15 ns each.
    #expect(
      try words(text, after: "GB  vCPUs") == [
        "1", "128", "2.32", "k", "33.5", "M", "270", "M", "270", "M", "0.0090", "0.0050", "1.80",
        "4.1100", "+128.1", "%", "+130.8", "%", "1.2", "0.6", "0.0024",
      ])
  }

  @Test func `what is not explained is said where the model has no common rest, too`() {
    var row = row("Unmap VM", knowsThread: true)
    row.unexplainedSeconds = RangeReport.Pair(base: -0.1, series: 0.1)
    #expect(text([row]).contains("-100.0, 100.0  not explained\n"))
  }

  @Test func `a row that the thread has not has dashes, and nulls`() throws {
    let row = row("Unmap VM", knowsThread: false)
    #expect(
      try words(text([row]), after: "GB  ratio") == ["1", "-", "4.11"]
        + Array(repeating: "-", count: 5))
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(try JSONLine.render(row).utf8)) as? [String: Any])
    for key in [
      "threadSeconds", "threadRatio", "baseError", "seriesError", "savedError", "ratioError",
      "ratioGivenBase", "givenBaseError", "constantRatioError", "unexplainedSeconds",
      "notExplained",
    ] {
      #expect(object[key] is NSNull, "\(key)")
    }
  }

  @Test func `lines stand in ms, and only where there are any`() {
    let line = RangeReport.Line(
      column: "2 MiB, base", thread: (0.0073, 0.002396), model: (0.0003, 0.002107))
    let row = row("Unmap VM", knowsThread: true)
    #expect(text([row], lines: [line]).contains("2 MiB, base"))
    #expect(
      text([row], lines: [line]).split(separator: "\n").contains {
        $0.split(separator: " ").suffix(4) == ["7.3", "2.396", "0.3", "2.107"]
      })
    #expect(!text([row]).contains("lines through"))
  }

  @Test func `no line is wider than 120 columns`() {
    var wide = row("Unmap VM", knowsThread: true)
    wide.unexplainedSeconds = RangeReport.Pair(base: -4.4688, series: -2.2491)
    for line in text([wide, row("Unmap VM", knowsThread: true)]).split(separator: "\n") {
      #expect(line.count <= 120, "\(line)")
    }
  }
}
