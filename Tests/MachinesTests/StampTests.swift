// A fill whose walk began before an invalidation is dead when it lands.

import Domain
import Host
import Testing

@testable import Machines

@Suite("The stamp of a fill") struct StampTests {
  private let small = SmallHardware()

  @Test(arguments: [Invalidation.everything, .tag(Tag(3)), .page(Tag(3), page: 5)])
  func `an invalidation between stamp and landing kills the entry`(_ what: Invalidation) {
    let context = small.guest(0).context(3)
    let m = small[1]
    m.install(context, at: here)
    // What a fill does, with another pCPU's invalidation in its middle.
    let key = LiveTLB.contextKey(context.tag) | 5
    let stamp = small.hardware.bus.stamp
    let bits = m.observe(context.table[5])
    small[0].drop(what)
    m.own.pointee.tlb.entries[LiveTLB.place(key)] = TLBEntry(
      key: key, stamp: stamp, tableEntry: bits, owner: context.owner)
    #expect(m.translate(5, at: here).outcome == .fill)
  }

  @Test func `an unrelated invalidation in between does not`() {
    let context = small.guest(0).context(3)
    let m = small[1]
    m.install(context, at: here)
    let key = LiveTLB.contextKey(context.tag) | 5
    let stamp = small.hardware.bus.stamp
    small[0].drop(.page(Tag(3), page: 6))
    m.own.pointee.tlb.entries[LiveTLB.place(key)] = TLBEntry(
      key: key, stamp: stamp, tableEntry: m.observe(context.table[5]), owner: context.owner)
    #expect(m.translate(5, at: here).outcome == .hit)
  }

  /// Two threads: one changes a page and flushes it, the other looks it up. Nothing that it is
  /// told may be older than the last flush that was complete when it asked.
  @Test(arguments: [true, false])
  func `no lookup answers from before a completed flush`(_ wholeTag: Bool) {
    let rounds: UInt64 = 100_000
    let guest = small.guest(0)
    let completed = small.memory.word(initially: 0, named: "completed")
    let stale = small.memory.word(initially: 0, named: "stale answers")
    let changer = small[0]
    let reader = small[1]
    let threads = [
      PinnedThread(name: "changer", cpu: nil) {
        for version in 1...rounds {
          let entry = TableEntry(frame: 9, version: version, isValid: true)
          changer.store(guest.table[5], entry.bits, .release, at: here)
          changer.fence(.full, at: here)
          changer.drop(wholeTag ? .tag(Tag(3)) : .page(Tag(3), page: 5))
          changer.store(completed, version, .release, at: here)
        }
      },
      PinnedThread(name: "reader", cpu: nil) {
        reader.install(guest.context(3), at: here)
        while true {
          let oldestValid = reader.load(completed, .acquire, at: here)
          if reader.translate(5, at: here).version < oldestValid { stale.addAlone(1) }
          if oldestValid == rounds { break }
        }
      },
    ]
    threads.forEach { $0.join() }
    #expect(stale.value == 0)
  }
}
