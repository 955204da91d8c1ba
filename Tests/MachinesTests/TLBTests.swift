// Fills, hits and what each invalidation removes.

import Domain
import Machines
import Testing

@Suite("The TLB of a live pCPU") struct TLBTests {
  private let small = SmallHardware()

  private func outcomes(_ pages: [UInt64], on m: LiveMachine) -> [Translation.Outcome] {
    pages.map { m.translate($0, at: here).outcome }
  }

  @Test func `the first access fills and the next one hits`() {
    let guest = small.guest(0)
    small[0].install(guest.context(3), at: here)
    let fill = small[0].translate(5, at: here)
    let hit = small[0].translate(5, at: here)
    #expect([fill.outcome, hit.outcome] == [.fill, .hit])
    #expect([fill.owner, hit.owner] == [guest.owner, guest.owner])
    #expect([fill.version, hit.version] == [1, 1])
    #expect([fill.alsoUnderThisTag, hit.alsoUnderThisTag] == [0, 0])
  }

  @Test func `a page without a valid entry faults and is not cached`() {
    let guest = small.guest(0)
    let invalid = TableEntry(frame: 9, version: 2, isValid: false)
    let valid = TableEntry(frame: 9, version: 3, isValid: true)
    small[0].store(guest.table[5], invalid.bits, .relaxed, at: here)
    small[0].install(guest.context(3), at: here)
    #expect(outcomes([5, 5], on: small[0]) == [.fault, .fault])
    small[0].store(guest.table[5], valid.bits, .relaxed, at: here)
    #expect(outcomes([5, 5], on: small[0]) == [.fill, .hit])
  }

  @Test func `a pCPU without a context translates nothing`() {
    #expect(outcomes([0, 127], on: small[0]) == [.fault, .fault])
    small[0].install(small.guest(0).context(3), at: here)
    small[0].touch([5])
    small[0].clearContext(at: here)
    #expect(outcomes([5], on: small[0]) == [.fault])
  }

  @Test func `entries outlive their context`() {
    let context = small.guest(0).context(3)
    small[0].install(context, at: here)
    small[0].touch([5])
    small[0].clearContext(at: here)
    small[0].install(context, at: here)
    #expect(outcomes([5], on: small[0]) == [.hit])
  }

  @Test func `an entry of another tag is not hit`() {
    let guest = small.guest(0)
    small[0].install(guest.context(3), at: here)
    small[0].touch([5])
    small[0].install(guest.context(4), at: here)
    #expect(outcomes([5], on: small[0]) == [.fill])
  }

  @Test func `a hit answers from the entry and not from the table`() {
    let guest = small.guest(0)
    small[0].install(guest.context(3), at: here)
    small[0].touch([5])
    small[0].store(guest.table[5], 0, .relaxed, at: here)
    let hit = small[0].translate(5, at: here)
    #expect(hit.outcome == .hit)
    #expect(hit.version == 1)
  }

  @Test func `what is left under a reused tag is hit with its owner's name`() {
    small[0].install(small.guest(0).context(3), at: here)
    small[0].touch([5])
    small[0].install(small.guest(1).context(3), at: here)
    let hit = small[0].translate(5, at: here)
    #expect(hit.outcome == .hit)
    #expect(hit.owner == 100)
  }

  @Test func `a pCPU's TLB is its own`() {
    let context = small.guest(0).context(3)
    for pcpu in 0..<2 { small[pcpu].install(context, at: here) }
    small[0].touch([5])
    #expect(outcomes([5], on: small[1]) == [.fill])
  }

  @Test func `an unasked fill is hit later and counted`() {
    small[0].install(small.guest(0).context(3), at: here)
    small[0].speculate(5, at: here)
    #expect(outcomes([5], on: small[0]) == [.hit])
    #expect(small.hardware.count(.speculativeFills, of: PCPU(0)) == 1)
  }

  @Test func `without a context or a valid entry nothing is filled unasked`() {
    small[0].speculate(5, at: here)
    let guest = small.guest(0)
    small[0].store(guest.table[5], 0, .relaxed, at: here)
    small[0].install(guest.context(3), at: here)
    small[0].speculate(5, at: here)
    #expect(outcomes([5], on: small[0]) == [.fault])
    #expect(small.hardware.count(.speculativeFills, of: PCPU(0)) == 0)
  }

  // MARK: Invalidations

  /// Which of (tag 3, page 5), (tag 3, page 6) and (tag 4, page 5) survive on both pCPUs, one
  /// pCPU after the other.
  private func survivors(
    _ what: Invalidation, on scope: InvalidationScope, waits: Bool = true
  ) -> [Bool] {
    let guest = small.guest(0)
    for pcpu in 0..<2 {
      small[pcpu].install(guest.context(3), at: here)
      small[pcpu].touch([5, 6])
      small[pcpu].install(guest.context(4), at: here)
      small[pcpu].touch([5])
    }
    small[0].invalidate(what, on: scope, at: here)
    if waits { small[0].waitForInvalidations(at: here) }
    return (0..<2).flatMap { pcpu in
      small[pcpu].install(guest.context(3), at: here)
      let ofThree = outcomes([5, 6], on: small[pcpu])
      small[pcpu].install(guest.context(4), at: here)
      return (ofThree + outcomes([5], on: small[pcpu])).map { $0 == .hit }
    }
  }

  @Test func `everything on every pCPU leaves nothing`() {
    #expect(
      survivors(.everything, on: .everyPCPU) == [false, false, false, false, false, false])
  }

  @Test func `a tag on every pCPU leaves other tags`() {
    #expect(survivors(.tag(Tag(3)), on: .everyPCPU) == [false, false, true, false, false, true])
  }

  @Test func `a page on every pCPU leaves other pages and the page of other tags`() {
    #expect(
      survivors(.page(Tag(3), page: 5), on: .everyPCPU) == [false, true, true, false, true, true])
  }

  @Test func `everything on this pCPU leaves the other's, and needs no wait`() {
    #expect(
      survivors(.everything, on: .thisPCPU, waits: false)
        == [false, false, false, true, true, true])
  }

  @Test func `a tag on this pCPU leaves other tags and the other pCPU's, and needs no wait`() {
    #expect(
      survivors(.tag(Tag(3)), on: .thisPCPU, waits: false)
        == [false, false, true, true, true, true])
  }

  @Test func `a page on this pCPU leaves all others, and needs no wait`() {
    #expect(
      survivors(.page(Tag(3), page: 5), on: .thisPCPU, waits: false)
        == [false, true, true, true, true, true])
  }

  @Test func `what was filled after an invalidation is hit`() {
    let guest = small.guest(0)
    small[0].install(guest.context(3), at: here)
    for what in [Invalidation.everything, .tag(Tag(3)), .page(Tag(3), page: 5)] {
      small[0].drop(what)
      #expect(outcomes([5, 5], on: small[0]) == [.fill, .hit])
    }
  }
}
