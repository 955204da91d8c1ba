// What a pCPU publishes of its context.

import Domain
import Machines
import TestSupport
import Testing

@Suite("The published context") struct ContextTests {
  private let small = SmallHardware()

  @Test func `it is empty until a context is installed`() {
    #expect(!small[1].observeContext(of: PCPU(0)).isLive)
  }

  @Test func `it names slot and tag to every pCPU while the context is live`() {
    small[0].install(small.guest(5).context(3), at: here)
    for pcpu in 0..<2 {
      let seen = small[pcpu].observeContext(of: PCPU(0))
      #expect(seen.isLive)
      #expect(seen.slot == VMSlot(5))
      #expect(seen.tag == Tag(3))
    }
    #expect(!small[0].observeContext(of: PCPU(1)).isLive)
    small[0].clearContext(at: here)
    #expect(!small[1].observeContext(of: PCPU(0)).isLive)
  }

  @Test func `no two stays look the same, though slot and tag are`() {
    let context = small.guest(0).context(3)
    let seen = (0..<100).flatMap { _ in
      small[0].install(context, at: here)
      let live = small[1].observeContext(of: PCPU(0)).bits
      small[0].clearContext(at: here)
      return [live, small[1].observeContext(of: PCPU(0)).bits]
    }
    #expect(Set(seen).count == 200)
  }

  @Test func `VM 0 with tag 0 is live: the lowest word is not no word`() {
    let table = small.guest(0).table
    small[0].install(
      GuestContext(table: table, tag: Tag(0), slot: VMSlot(0), owner: 1), at: here)
    #expect(small[1].observeContext(of: PCPU(0)).isLive)
  }

  @Test func `the highest slot and tag keep apart`() {
    let word = ContextWord(sequence: .max, slot: VMSlot(65_534), tag: Tag(65_535))
    #expect(word.slot == VMSlot(65_534))
    #expect(word.tag == Tag(65_535))
    #expect(word.slotBits == 0xFFFF_0000)
    #expect(word.isLive)
  }

  @Test func `a machine knows who it is`() {
    #expect((0..<2).map { small[$0].pcpu } == [PCPU(0), PCPU(1)])
    #expect(small[1].pcpuCount == 2)
  }
}
