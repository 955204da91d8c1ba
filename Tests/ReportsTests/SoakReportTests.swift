import Domain
import Foundation
import Testing

@testable import Reports

@Suite("Soak report") struct SoakReportTests {
  private func report(_ change: (inout Counts) -> Void = { _ in }) -> SoakReport {
    var counts = Counts()
    for counter in Counter.allCases { counts[counter] = UInt64(counter.rawValue + 1) }
    change(&counts)
    return SoakReport(
      scenario: "small", system: "arm64-vmid", fault: nil, seed: "0x5", pcpus: 2, vms: 4,
      vcpusPerVM: 2, tagBits: 2, oracles: "exact", perturb: "off", host: "a host",
      durationSeconds: 2, verdict: "bug", exitCode: 1, counts: counts, progressLooks: 12,
      findings: [
        Finding(
          oracle: .o2, grade: .forbidden, summary: "two VMs", pcpu: PCPU(1),
          elapsed: .milliseconds(1500))
      ],
      peakRSSBytes: 20_000_000, rssAfterFiveSecondsBytes: nil, rssAtEndBytes: 19_000_000,
      stalled: [], rerun: "vmidtorture soak small --seed 0x5")
  }

  @Test func `its JSON is one line with every key that scripts read`() throws {
    let line = try JSONLine.render(report())
    #expect(!line.contains("\n"))
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let wanted = [
      "command", "scenario", "system", "fault", "seed", "pcpus", "vms", "vcpusPerVM", "tagBits",
      "durationSeconds", "verdict", "exitCode", "guestEntries", "fastPathEntries",
      "slowPathEntries", "rollovers", "rolloversPerSecond", "tlbHits", "tlbFills", "migrations",
      "vmsCreated",
      "vmsDestroyed", "oracleChecks", "coverage", "findings", "peakRSSBytes",
    ]
    for key in wanted { #expect(object[key] != nil, "\(key) is missing") }
    #expect(object["fault"] is NSNull)
    let finding = try #require((object["findings"] as? [[String: Any]])?.first)
    #expect(finding["oracle"] as? String == "O2")
    #expect(finding["grade"] as? String == "FORBIDDEN")
    #expect(finding["pcpu"] as? Int == 1)
    #expect(finding["elapsedSeconds"] as? Double == 1.5)
    let checks = try #require(object["oracleChecks"] as? [String: Int])
    #expect(checks["O3"] == Counter.checksO3.rawValue + 1)
    #expect(checks["O9"] == 12)
    // All but the one that controlled runs alone have.
    #expect(Set(checks.keys) == Set(OracleID.allCases.map(\.rawValue)).subtracting(["RACE"]))
    let coverage = try #require(object["coverage"] as? [String: Int])
    #expect(Set(coverage.keys) == Set(Counter.coverage.map { "\($0)" }))
  }

  @Test func `its text says the verdict first and the parameters and the command last`() {
    let lines = report().text(style: TextStyle(isColoured: false)).split(separator: "\n")
    #expect(lines.first == "BUG after 2.00 s")
    #expect(lines[1] == "FORBIDDEN  O2  two VMs  (1.50 s)")
    #expect(lines.last == "rerun           vmidtorture soak small --seed 0x5")
    #expect(lines.contains { $0.hasPrefix("run             small: arm64-vmid, 2 pCPUs") })
  }

  @Test func `a clean run says how often it rolled over`() {
    var clean = report { $0[.rollovers] = 2500 }
    clean.verdict = "clean"
    clean.findings = []
    #expect(clean.rolloversPerSecond == 1250)
    let first = clean.text(style: TextStyle(isColoured: false)).split(separator: "\n").first
    #expect(first == "clean: no oracle saw anything after 2.00 s, 1.25 k rollovers/s")
    var still = report { $0[.rollovers] = 0 }
    still.verdict = "clean"
    let said = still.text(style: TextStyle(isColoured: false)).split(separator: "\n").first
    #expect(said == "clean: no oracle saw anything after 2.00 s, no rollover")
  }

  @Test func `a path that was never taken is said loudly`() {
    let text = report { $0[.claimLost] = 0 }.text(style: TextStyle(isColoured: false))
    #expect(text.contains("never taken: claimLost"))
    #expect(!report().text(style: TextStyle(isColoured: false)).contains("never taken"))
  }
}
