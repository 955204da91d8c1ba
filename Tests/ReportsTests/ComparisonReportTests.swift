import Foundation
import Testing

@testable import Reports

@Suite("Comparison report") struct ComparisonReportTests {
  private func row(rollsOver: Bool) -> ComparisonReport.Row {
    func load(_ share: Double, more: Bool = false) -> ComparisonReport.Load {
      ComparisonReport.Load(
        fastPathShare: share, rolloversPer1000Entries: 2, guestEntries: 3, tagBits: 4,
        hasMoreTagBits: more)
    }
    return ComparisonReport.Row(
      system: "arm64-vmid", verdict: "clean", host: "a host",
      fast: ComparisonReport.Time(ns: 12.34, stable: true),
      slow: ComparisonReport.Time(ns: 56.78, stable: false),
      rollover: rollsOver ? ComparisonReport.Time(ns: 1234.5, stable: true) : nil,
      slicesPerRollover: rollsOver ? 1.5 : nil, tlbEntriesLostPerRollover: rollsOver ? 17.25 : nil,
      flushes: ComparisonReport.Flushes(
        all: 10.5, everythingOnEveryPCPU: 2.5, everythingOnOnePCPU: 3.5, tags: 1, pages: 3.5),
      d06: load(0.875), v3AgainstV4: load(0.9995), idleVMs: load(0.25, more: true))
  }

  @Test func `every figure stands in its column`() throws {
    let text = ComparisonReport(host: "a host", rows: [row(rollsOver: true)]).text()
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(
      lines[0] == [
        "system", "fast", "slow", "rollover", "lost", "flushes", "broadcast", "all", "here", "d06",
        "v3-against-v4", "idle-vms",
      ])
    #expect(
      lines[1] == [
        "arm64-vmid", "12.3", "~56.8", "1,235", "17.3", "10.5", "2.5", "3.5", "87.5", "%", "100.0",
        "%", "25.0", "%*",
      ])
    #expect(text.hasSuffix("host: a host\n"))
  }

  @Test func `a system that does not roll over has dashes, and nulls`() throws {
    let row = row(rollsOver: false)
    let text = ComparisonReport(host: "a host", rows: [row]).text()
    #expect(text.split(separator: "\n")[1].split(separator: " ")[3...4] == ["-", "-"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(try JSONLine.render(row).utf8)) as? [String: Any])
    for key in ["rollover", "slicesPerRollover", "tlbEntriesLostPerRollover"] {
      #expect(object[key] is NSNull, "\(key)")
    }
  }

  @Test func `no line is wider than 120 columns`() {
    var long = row(rollsOver: true)
    long.rollover = ComparisonReport.Time(ns: 123_456, stable: false)
    let text = ComparisonReport(host: "a host", rows: [long]).text()
    for line in text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
  }
}
