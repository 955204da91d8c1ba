// What findings and counters are made of.

import Domain
import Testing

@Suite("Findings and counters") struct FindingTests {
  @Test func `every oracle has a name, and every one but O9 and RACE a counter of its own`() {
    #expect(Set(OracleID.allCases.map(\.name)).count == 15)
    let counters = OracleID.allCases.compactMap(Counter.checks(of:))
    #expect(Set(counters).count == 13)
    #expect(Counter.checks(of: .o9) == nil && Counter.checks(of: .race) == nil)
  }

  @Test func `all checks are the sum over the oracles, and count nothing else`() {
    var counts = Counts()
    for counter in Counter.allCases { counts[counter] = 1000 }
    #expect(counts.allChecks == 13_000)
  }

  @Test func `every path that a summary shows is shown once`() {
    #expect(Set(Counter.coverage).count == Counter.coverage.count)
  }

  @Test func `seconds count whole ones and parts`() {
    #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    #expect(Duration.zero.inSeconds == 0)
    #expect(abs(Duration.nanoseconds(1).inSeconds - 1e-9) < 1e-24)
  }
}
