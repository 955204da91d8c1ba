// When an invalidation takes effect: at any moment from its issue on, not later than the wait.

import Domain
import Machines
import Testing

@Suite("The moment of an invalidation") struct InvalidationTimingTests {
  /// Whether another pCPU still hits a page, before and after the wait.
  private func stillHits(
    _ what: Invalidation, seed: UInt64
  ) -> (beforeWait: Bool, afterWait: Bool) {
    let small = SmallHardware(seed: seed)
    small[1].install(small.guest(0).context(3), at: here)
    small[1].touch([5])
    small[0].invalidate(what, on: .everyPCPU, at: here)
    // A hit changes nothing; a fill would hide what the wait does.
    let before = small[1].translate(5, at: here).outcome == .hit
    small[0].waitForInvalidations(at: here)
    return (before, before && small[1].translate(5, at: here).outcome == .hit)
  }

  @Test(arguments: [Invalidation.everything, .tag(Tag(3)), .page(Tag(3), page: 5)])
  func `over many seeds it comes now before the wait, now with it, and never later`(
    _ what: Invalidation
  ) {
    let seen = (0..<128).map { stillHits(what, seed: $0) }
    let late = seen.count { $0.beforeWait }
    #expect((32...96).contains(late), "\(late) of 128 came with the wait")
    #expect(seen.allSatisfy { !$0.afterWait })
  }

  @Test(arguments: [Invalidation.everything, .tag(Tag(3))])
  func `the moment comes from the seed`(_ what: Invalidation) {
    let first = (0..<64).map { stillHits(what, seed: $0).beforeWait }
    let second = (0..<64).map { stillHits(what, seed: $0).beforeWait }
    #expect(first == second)
  }

  @Test(arguments: 0..<32 as Range<UInt64>)
  func `one wait completes all that was issued before it`(_ seed: UInt64) {
    let small = SmallHardware(seed: seed)
    let guest = small.guest(0)
    small[1].install(guest.context(3), at: here)
    let pages = 0..<8 as Range<UInt64>
    small[1].touch(pages)
    for page in pages {
      small[0].invalidate(.page(Tag(3), page: page), on: .everyPCPU, at: here)
    }
    small[0].waitForInvalidations(at: here)
    #expect(pages.allSatisfy { small[1].translate($0, at: here).outcome == .fill })
  }

  @Test(arguments: 0..<32 as Range<UInt64>)
  func `another pCPU's wait completes nothing of this one`(_ seed: UInt64) {
    let small = SmallHardware(seed: seed)
    small[1].install(small.guest(0).context(3), at: here)
    small[1].touch([5])
    small[0].invalidate(.everything, on: .everyPCPU, at: here)
    let before = small.hardware.bus.everythingCount
    small[1].waitForInvalidations(at: here)
    #expect(small.hardware.bus.everythingCount == before)
  }

  @Test func `flushes of everything are counted once each`() {
    let small = SmallHardware()
    for count: UInt64 in 1...50 {
      small[0].drop(.everything)
      #expect(small[1].observeFlushes() == count)
    }
    small[0].drop(.tag(Tag(3)))
    #expect(small[1].observeFlushes() == 50)
  }
}
