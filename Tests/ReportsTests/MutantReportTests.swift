import Testing

@testable import Reports

@Suite("Mutant reports") struct MutantReportTests {
  private func report(_ system: String, _ rows: [MutantReport.Row]) -> MutantReport {
    MutantReport(system: system, seed: "0x1", schedulesPerScenario: 2000, mutants: rows)
  }

  private func row(_ name: String, killedBy: String? = nil, because: String? = nil)
    -> MutantReport.Row
  {
    MutantReport.Row(
      name: name, killedBy: killedBy, scenario: killedBy.map { _ in "rollover" }, schedules: 7,
      reason: because)
  }

  private let plain = TextStyle(isColoured: false)

  @Test func `a survivor without a reason is a wrong verdict, in the sum as well`() {
    let right = report("one", [row("tear a", killedBy: "O2"), row("skip b", because: "harmless")])
    let wrong = report("two", [row("tear a", killedBy: "O2"), row("flip c")])
    #expect(right.exitCode == 0)
    #expect(wrong.exitCode == 1)
    let sum = MutantSummary(seed: "0x1", systems: [right, wrong])
    #expect([sum.mutants, sum.killed, sum.explained] == [4, 2, 1])
    #expect(sum.exitCode == 1)
    #expect(sum.text(style: plain).contains("  two, flip c: NOBODY KNOWS WHY"))
    #expect(
      sum.text(style: plain)
        .contains("2 of 4 mutants of 2 systems seen, 1 survive with a reason, 1 without one"))
  }

  @Test func `nothing to break is nothing checked`() {
    #expect(MutantSummary(seed: "0x1", systems: [report("one", [])]).exitCode == 7)
  }

  @Test func `all seen or explained is right`() {
    let right = report("one", [row("tear a", killedBy: "O2"), row("skip b", because: "harmless")])
    let sum = MutantSummary(seed: "0x1", systems: [right, right])
    #expect(sum.exitCode == 0)
    #expect(!sum.text(style: plain).contains("NOBODY"))
  }
}
