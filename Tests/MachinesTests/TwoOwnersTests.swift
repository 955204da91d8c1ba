// O3's evidence: two VMs' entries under one tag in one TLB.

import Domain
import Machines
import Testing

@Suite("Two VMs under one tag") struct TwoOwnersTests {
  private let small = SmallHardware()

  /// Guest 0 fills pages 0 to 3 under tag 3, then guest 1 takes the tag over; `between` comes
  /// between the two. Returns what guest 1's fill of page 9 says.
  private func takeOver(_ between: (LiveMachine) -> Void = { _ in }) -> VMIdentity {
    small[0].install(small.guest(0).context(3), at: here)
    small[0].touch(0..<4)
    small[0].clearContext(at: here)
    between(small[0])
    small[0].install(small.guest(1).context(3), at: here)
    return small[0].translate(9, at: here).alsoUnderThisTag
  }

  @Test func `a fill names the other VM whose entries are still there`() {
    #expect(takeOver() == 100)
  }

  @Test(arguments: [Invalidation.everything, .tag(Tag(3))])
  func `after a flush everywhere it names nobody`(_ what: Invalidation) {
    #expect(takeOver { $0.drop(what) } == 0)
  }

  @Test(arguments: [Invalidation.everything, .tag(Tag(3))])
  func `after a flush of this TLB it names nobody`(_ what: Invalidation) {
    #expect(takeOver { $0.invalidate(what, on: .thisPCPU, at: here) } == 0)
  }

  @Test func `a flush of some of the pages is not enough`() {
    #expect(takeOver { $0.drop(.page(Tag(3), page: 0)) } == 100)
  }

  @Test func `a flush of every page is enough`() {
    let said = takeOver { m in
      for page: UInt64 in 0..<4 { m.drop(.page(Tag(3), page: page)) }
    }
    #expect(said == 0)
  }

  @Test func `entries that others pushed out are no evidence`() {
    let said = takeOver { m in
      m.install(small.guest(0).context(4), at: here)
      m.touch(0..<64)
    }
    #expect(said == 0)
  }

  @Test func `it is said once for each change of hands`() {
    #expect(takeOver() == 100)
    #expect(small[0].translate(10, at: here).alsoUnderThisTag == 0)
    small[0].install(small.guest(0).context(3), at: here)
    #expect(small[0].translate(11, at: here).alsoUnderThisTag == 101)
  }

  @Test func `other tags and other pCPUs are no evidence`() {
    let first = small.guest(0)
    small[0].install(first.context(3), at: here)
    small[0].touch(0..<4)
    small[0].install(small.guest(1).context(4), at: here)
    #expect(small[0].translate(9, at: here).alsoUnderThisTag == 0)
    small[1].install(small.guest(2).context(3), at: here)
    #expect(small[1].translate(9, at: here).alsoUnderThisTag == 0)
  }

  @Test func `a fill that nobody asked for counts as well`() {
    small[0].install(small.guest(0).context(3), at: here)
    small[0].speculate(0, at: here)
    small[0].install(small.guest(1).context(3), at: here)
    #expect(small[0].translate(9, at: here).alsoUnderThisTag == 100)
  }
}
