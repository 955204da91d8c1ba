// The log of findings: nothing is lost that matters, and a flood pushes nothing out.

import Dispatch
import Domain
import Host
import Oracles
import Testing

@Suite("The log of findings") struct FindingLogTests {
  private let log = FindingLog()

  @Test func `a finding is kept with all its parts`() throws {
    log.add(.o2, .forbidden, "two VMs", on: PCPU(3))
    let finding = try #require(log.findings.first)
    #expect(log.findings.count == 1)
    #expect(finding.oracle == .o2)
    #expect(finding.grade == .forbidden)
    #expect(finding.summary == "two VMs")
    #expect(finding.pcpu == PCPU(3))
    #expect(finding.elapsed >= .zero)
  }

  @Test func `an oracle that does not apply is not heard`() {
    let log = FindingLog(judges: [.o4])
    log.add(.o2, .forbidden, "two VMs", on: nil)
    #expect(log.findings.isEmpty && log.forbidden == 0)
    log.add(.o4, .forbidden, "stale", on: nil)
    #expect(log.findings.map(\.oracle) == [.o4])
  }

  @Test func `one kind on one pCPU is kept once, the first one`() {
    for number in 0..<100 { log.add(.o4, .forbidden, "number \(number)", on: PCPU(1)) }
    #expect(log.findings.map(\.summary) == ["number 0"])
    #expect(log.forbidden == 100)
  }

  @Test func `another oracle, grade or pCPU, and no pCPU, are other kinds`() {
    for oracle in [OracleID.o8, .o9] {
      for grade in [Grade.forbidden, .suspicious] {
        for pcpu in [PCPU(0), PCPU(1), nil] {
          for _ in 0..<3 { log.add(oracle, grade, "-", on: pcpu) }
        }
      }
    }
    #expect(log.findings.count == 12)
  }

  @Test func `SUSPICIOUS ones are no reason to stop`() {
    log.add(.o9, .suspicious, "slow", on: nil)
    #expect(log.forbidden == 0)
  }

  @Test func `whoever waits for a FORBIDDEN one is told of each, and of no other`() {
    let told = HostLock(0)
    let log = FindingLog { told.withLock { $0 += 1 } }
    log.add(.o9, .suspicious, "slow", on: nil)
    #expect(told.withLock { $0 } == 0)
    log.add(.o1, .forbidden, "first", on: PCPU(0))
    log.add(.o1, .forbidden, "again", on: PCPU(0))
    #expect(told.withLock { $0 } == 2)
  }

  @Test func `findings come earliest first`() {
    for pcpu in (0..<40).reversed() { log.add(.o1, .forbidden, "-", on: PCPU(pcpu)) }
    let elapsed = log.findings.map(\.elapsed)
    #expect(elapsed == elapsed.sorted())
    #expect(log.findings.first?.pcpu == PCPU(39))
  }

  @Test func `it keeps as many as it has room for, and counts the others`() {
    for pcpu in 0..<(FindingLog.capacity + 10) { log.add(.o1, .forbidden, "-", on: PCPU(pcpu)) }
    #expect(log.findings.count == FindingLog.capacity)
    #expect(log.forbidden == FindingLog.capacity + 10)
  }

  @Test func `any thread may add`() {
    let log = log
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for _ in 0..<2000 { log.add(.o3, .forbidden, "-", on: PCPU(thread)) }
    }
    #expect(log.forbidden == 8000)
    #expect(Set(log.findings.map(\.pcpu)) == [PCPU(0), PCPU(1), PCPU(2), PCPU(3)])
    #expect(log.findings.count == 4)
  }
}
