// What a live machine says of a rollover: only what is certain.

import Domain
import Machines
import Testing

@Suite("Evidence of a rollover") struct RolloverEvidenceTests {
  private let small = SmallHardware(pcpus: 3)

  /// What is said of a rollover by pCPU 0 that does `steps` and keeps these tags.
  private func evidence(
    keeping kept: Set<UInt64> = [], _ steps: (LiveMachine) -> Void
  ) throws -> RolloverEvidence {
    small[0].rolloverBegins()
    steps(small[0])
    small[0].rolloverEnds { kept.contains($0.number) }
    return try #require(small.watcher.evidence.last)
  }

  // MARK: The flush

  @Test func `a flush of everything that was waited for is complete`() throws {
    let evidence = try evidence { $0.drop(.everything) }
    #expect(evidence.flushCompleted)
    #expect(evidence.pcpu == PCPU(0))
  }

  @Test func `without a flush it is not`() throws {
    #expect(try !evidence { _ in }.flushCompleted)
  }

  @Test(arguments: 0..<16 as Range<UInt64>)
  func `a flush that was not waited for is not complete, even if it has happened`(
    _ seed: UInt64
  ) throws {
    let small = SmallHardware(seed: seed)
    small[0].rolloverBegins()
    small[0].invalidate(.everything, on: .everyPCPU, at: here)
    small[0].rolloverEnds { _ in true }
    #expect(try !#require(small.watcher.evidence.last).flushCompleted)
  }

  @Test func `a flush of this TLB, of a tag or of a page is none`() throws {
    let evidence = try evidence { m in
      m.invalidate(.everything, on: .thisPCPU, at: here)
      m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: here)
      m.invalidate(.page(Tag(1), page: 1), on: .everyPCPU, at: here)
      m.waitForInvalidations(at: here)
    }
    #expect(!evidence.flushCompleted)
  }

  @Test func `a flush before the rollover is none`() throws {
    small[0].drop(.everything)
    #expect(try !evidence { _ in }.flushCompleted)
  }

  @Test func `another pCPU's flush is none`() throws {
    let other = small[1]
    #expect(try !evidence { _ in other.drop(.everything) }.flushCompleted)
  }

  @Test func `a flush issued before the rollover and waited for in it is none`() throws {
    small[0].invalidate(.everything, on: .everyPCPU, at: here)
    #expect(try !evidence { $0.waitForInvalidations(at: here) }.flushCompleted)
  }

  // MARK: The contexts

  @Test func `a context that is live all the time and kept is counted`() throws {
    small[1].install(small.guest(1).context(3), at: here)
    let evidence = try evidence(keeping: [3]) { _ in }
    #expect(evidence.contextsThroughout == 1)
    #expect(evidence.lost == nil)
  }

  @Test func `one whose tag is not kept is lost`() throws {
    small[1].install(small.guest(1).context(3), at: here)
    small[2].install(small.guest(2).context(4), at: here)
    let evidence = try evidence(keeping: [3]) { _ in }
    #expect(evidence.contextsThroughout == 2)
    let lost = try #require(evidence.lost)
    #expect(lost.pcpu == PCPU(2))
    #expect(lost.context.tag == Tag(4))
    #expect(lost.context.slot == VMSlot(2))
  }

  @Test func `without a live context nothing is lost`() throws {
    let evidence = try evidence { _ in }
    #expect(evidence.contextsThroughout == 0)
    #expect(evidence.lost == nil)
  }

  @Test func `of a context that ended or began meanwhile nothing is said`() throws {
    small[1].install(small.guest(1).context(3), at: here)
    let evidence = try evidence { _ in
      small[1].clearContext(at: here)
      small[2].install(small.guest(2).context(4), at: here)
    }
    #expect(evidence.contextsThroughout == 0)
    #expect(evidence.lost == nil)
  }

  @Test func `of one that ended and began again with the same tag nothing is said`() throws {
    let context = small.guest(1).context(3)
    small[1].install(context, at: here)
    let evidence = try evidence { _ in
      small[1].clearContext(at: here)
      small[1].install(context, at: here)
    }
    #expect(evidence.contextsThroughout == 0)
    #expect(evidence.lost == nil)
  }

  // MARK: Counting

  @Test(arguments: [true, false])
  func `checks are counted when somebody judged`(_ judges: Bool) {
    let small = SmallHardware(judges: judges)
    small[1].rolloverBegins()
    small[1].rolloverEnds { _ in true }
    let counts = small.hardware.counts()
    #expect(counts[.rollovers] == 1)
    #expect(counts[.checksO5] == (judges ? 1 : 0))
    #expect(counts[.checksO6] == (judges ? 1 : 0))
  }
}
