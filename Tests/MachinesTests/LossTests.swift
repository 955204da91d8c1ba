// What invalidations of everything take from the TLBs, and how invalidations are counted.

import Domain
import Machines
import Testing

@Suite("What is lost from the TLBs of live pCPUs") struct LossTests {
  private let small = SmallHardware()

  private func lost(_ pcpu: Int) -> UInt64 { small.hardware.count(.tlbEntriesLost, of: PCPU(pcpu)) }

  private func fill(_ pages: Range<UInt64>, on pcpu: Int, tag: UInt64 = 3) {
    small[pcpu].install(small.guest(0).context(tag), at: here)
    small[pcpu].touch(pages)
  }

  @Test func `a broadcast takes what each pCPU had, and says so at its next miss`() {
    fill(0..<5, on: 0)
    fill(0..<2, on: 1)
    small[1].drop(.everything)
    #expect([lost(0), lost(1)] == [0, 0])
    small[0].touch([0])
    #expect([lost(0), lost(1)] == [5, 0])
    small[1].touch([0])
    #expect([lost(0), lost(1)] == [5, 2])
    // The entries that are there now are the two of the two misses.
    small[0].touch([0, 1])
    #expect([lost(0), lost(1)] == [5, 2])
  }

  @Test func `what one invalidation took the next one cannot take`() {
    fill(0..<4, on: 0)
    small[0].drop(.everything)
    small[0].drop(.everything)
    small[0].touch([9])
    #expect(lost(0) == 4)
    small[0].drop(.everything)
    small[0].touch([9])
    #expect(lost(0) == 5)
  }

  @Test func `a flush of this pCPU takes its own at once`() {
    fill(0..<5, on: 0)
    fill(0..<2, on: 1)
    small[0].invalidate(.everything, on: .thisPCPU, at: here)
    #expect([lost(0), lost(1)] == [5, 0])
    small[0].invalidate(.everything, on: .thisPCPU, at: here)
    #expect(lost(0) == 5)
  }

  @Test func `after a broadcast a flush of this pCPU finds nothing more`() {
    fill(0..<5, on: 0)
    small[1].drop(.everything)
    small[0].invalidate(.everything, on: .thisPCPU, at: here)
    #expect(lost(0) == 5)
    small[0].touch([0])
    #expect(lost(0) == 5)
  }

  @Test func `a call that flushes counts as a flush of this pCPU`() {
    fill(0..<3, on: 1)
    small[0].call(PCPUSet(PCPU(1)), .flushEverything, at: here)
    small[1].answerCalls()
    small[0].waitForCalls(at: here)
    #expect(lost(1) == 3)
    #expect(small.hardware.count(.flushesHere, of: PCPU(1)) == 1)
  }

  @Test func `what a tag's or a page's invalidation took is not counted`() {
    fill(0..<5, on: 0)
    fill(10..<12, on: 0, tag: 4)
    small[0].drop(.page(Tag(3), page: 1))
    small[0].drop(.tag(Tag(4)))
    #expect(lost(0) == 0)
    small[0].drop(.everything)
    small[0].touch([20])
    #expect(lost(0) == 4)
  }

  @Test func `entries that were good through finer invalidations are lost with the rest`() {
    fill(0..<5, on: 0)
    small[0].drop(.page(Tag(9), page: 1))
    small[0].touch([0])
    small[0].drop(.page(Tag(9), page: 2))
    small[0].drop(.everything)
    small[0].touch([20])
    #expect(lost(0) == 5)
  }

  @Test func `invalidations are counted by kind, on the pCPU that issues them`() {
    let m = small[1]
    m.invalidate(.everything, on: .everyPCPU, at: here)
    for _ in 0..<2 { m.invalidate(.everything, on: .thisPCPU, at: here) }
    for scope in [InvalidationScope.thisPCPU, .everyPCPU] {
      m.invalidate(.tag(Tag(1)), on: scope, at: here)
      for page in 0..<2 { m.invalidate(.page(Tag(1), page: UInt64(page)), on: scope, at: here) }
    }
    m.waitForInvalidations(at: here)
    let kinds: [Counter] = [.flushesEverywhere, .flushesHere, .flushesOfTags, .flushesOfPages]
    #expect(kinds.map { small.hardware.count($0, of: PCPU(1)) } == [1, 2, 2, 4])
    #expect(kinds.map { small.hardware.count($0, of: PCPU(0)) } == [0, 0, 0, 0])
  }
}
