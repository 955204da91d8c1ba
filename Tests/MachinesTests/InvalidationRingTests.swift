// The ring of recent fine invalidations: an entry that it cannot speak for is dropped.

import Domain
import Testing

@testable import Machines

@Suite("The ring of recent invalidations") struct InvalidationRingTests {
  private let small = SmallHardware()
  private let ringSize = 64

  /// A pCPU with (tag 3, page 5) in its TLB.
  private func filled() -> LiveMachine {
    small[1].install(small.guest(0).context(3), at: here)
    small[1].touch([5])
    return small[1]
  }

  private func dropOthers(_ count: Int) {
    for number in 0..<count {
      small[0].drop(number % 2 == 0 ? .page(Tag(4), page: 5) : .page(Tag(3), page: 6))
    }
  }

  @Test func `an entry survives as many unrelated invalidations as the ring holds`() {
    let m = filled()
    dropOthers(ringSize)
    #expect(m.translate(5, at: here).outcome == .hit)
  }

  @Test func `one more is an overflow and counts as a miss`() {
    let m = filled()
    dropOthers(ringSize + 1)
    #expect(m.translate(5, at: here).outcome == .fill)
  }

  @Test func `a look in between makes an entry as good as new`() {
    let m = filled()
    for _ in 0..<5 {
      dropOthers(ringSize - 1)
      #expect(m.translate(5, at: here).outcome == .hit)
    }
  }

  @Test(arguments: [0, 1, 31, 62, 63, 64, 65, 127, 128, 200, 1000])
  func `its own invalidation is never forgotten, however many follow`(_ others: Int) {
    for what in [Invalidation.page(Tag(3), page: 5), .tag(Tag(3))] {
      let m = filled()
      dropOthers(17)
      small[0].drop(what)
      dropOthers(others)
      #expect(m.translate(5, at: here).outcome == .fill)
    }
  }

  @Test func `a place of the ring that is not yet written drops the entry`() {
    let m = filled()
    dropOthers(ringSize - 8)
    // Another pCPU has moved the head and not come further.
    let bus = small.hardware.bus
    _ = small[0].add(bus.head, 1, .sequentiallyConsistent, at: here)
    #expect(m.translate(5, at: here).outcome == .fill)
  }

  @Test func `a place that has been written again drops the entry`() {
    let m = filled()
    let stamp = small.hardware.bus.stamp
    dropOthers(1)
    let now = small.hardware.bus.stamp
    #expect(small.hardware.bus.stillHolds(stamp: stamp, now: now, tag: Tag(3), page: 5))
    dropOthers(ringSize)
    #expect(!small.hardware.bus.stillHolds(stamp: stamp, now: now, tag: Tag(3), page: 5))
    withExtendedLifetime(m) {}
  }

  @Test func `a flush of everything is noticed among fine ones`() {
    let m = filled()
    dropOthers(3)
    small[0].drop(.everything)
    dropOthers(3)
    #expect(m.translate(5, at: here).outcome == .fill)
  }

  /// The fine count has 24 bits and runs over into the other one.
  @Test func `when the fine count runs over, entries are dropped`() {
    let bus = small.hardware.bus
    small[0].store(bus.head, 1 << 24 - 2, .relaxed, at: here)
    let m = filled()
    dropOthers(4)
    #expect(m.translate(5, at: here).outcome == .fill)
  }
}
