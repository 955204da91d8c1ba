import Testing

@testable import Reports

@Suite("Selftest reports") struct SelftestReportTests {
  private func look(_ found: Int, of seeds: Int) -> SelftestReport.Look {
    SelftestReport.Look(
      found: found > 0, foundSeeds: found, seeds: seeds, oracle: found > 0 ? "O2" : nil,
      seconds: nil, schedules: nil, events: nil, preemptions: nil)
  }

  private func fault(_ name: String, soakedBy seeds: Int) -> SelftestReport.FaultRow {
    SelftestReport.FaultRow(
      id: name, name: name, system: "one", origin: "synthetic", found: seeds > 0,
      explored: look(1, of: 1), soaked: look(seeds, of: 3))
  }

  private func clean(_ system: String, said: [String]) -> SelftestReport.CleanRow {
    SelftestReport.CleanRow(
      system: system, scenario: "small", mode: "soak", findings: said.count, said: said,
      checks: 1, rollovers: 1, vmsEnded: 0, isClean: said.isEmpty)
  }

  private func lastLines(
    _ faults: [SelftestReport.FaultRow], _ clean: [SelftestReport.CleanRow], _ count: Int
  ) -> [String] {
    let report = SelftestReport(seed: "0x1", faults: faults, clean: clean, score: 0, exitCode: 1)
    let text = report.text(style: TextStyle(isColoured: false))
    return text.split(separator: "\n").suffix(count).map(String.init)
  }

  @Test func `what went wrong stands at the end, by name`() {
    let lines = lastLines(
      [fault("B01", soakedBy: 1), fault("B02", soakedBy: 0)],
      [clean("right", said: []), clean("reported", said: ["O2 two VMs", "O9 stall"])], 4)
    #expect(
      lines == [
        "score 2 of 4: a verdict is wrong",
        "MISSED B02: explore 1 of 1 seeds, soak 0 of 3 seeds",
        "REPORTED reported on small by soak: O2 two VMs; O9 stall",
        "seed 0x1",
      ])
  }

  @Test func `nothing is said where nothing is wrong`() {
    let lines = lastLines([fault("B01", soakedBy: 3)], [clean("right", said: [])], 2)
    #expect(lines == ["score 2 of 2", "seed 0x1"])
  }
}
