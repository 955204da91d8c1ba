import Foundation
import Measurement
import Testing

@testable import Reports

@Suite("Bench report") struct BenchReportTests {
  private var report: BenchReport {
    var histogram = Histogram()
    for value in 1...1000 { histogram.record(UInt64(value)) }
    return BenchReport(
      host: "a host",
      clock: BenchReport.Clock(
        name: "time-stamp counter", nanosecondsPerTick: 0.25, relativeSpread: 0.001),
      rows: [
        BenchReport.Row(
          system: "arm64-vmid", case: "fast", pcpus: 1, nsPerOp: 5.5, cyclesPerOp: 22,
          latency: LatencySummary(histogram), preemptedSamples: 3, opsPerSecond: 181_818_181,
          floorNsPerOp: 5, ratioToFloor: 1.1, stable: false)
      ])
  }

  @Test func `its JSON has every key that scripts read`() throws {
    let line = try JSONLine.render(report)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(Set(object.keys) == ["command", "host", "clock", "rows"])
    let row = try #require((object["rows"] as? [[String: Any]])?.first)
    for key in [
      "system", "case", "pcpus", "nsPerOp", "cyclesPerOp", "p50", "p99", "p999", "p9999", "max",
      "opsPerSecond", "floorNsPerOp", "ratioToFloor", "stable",
    ] { #expect(row[key] != nil, "\(key) is missing") }
    #expect(row["p50"] as? Int == 500)
    #expect(row["max"] as? Int == 1000)
  }

  @Test func `the ratio is shown with the floor only, and an unstable row says so`() {
    let plain = report.text(withFloor: false, style: TextStyle(isColoured: false))
    let withFloor = report.text(withFloor: true, style: TextStyle(isColoured: false))
    #expect(!plain.contains("x floor"))
    #expect(withFloor.contains("x floor") && withFloor.contains("1.10"))
    #expect(plain.contains("unstable"))
  }
}
