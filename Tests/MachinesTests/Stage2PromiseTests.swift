// What complete flushes promise, and translations that break it.

import Domain
import Machines
import Testing

@Suite("Promises of flushes by intermediate address") struct Stage2PromiseTests {
  private let world = Stage2World()
  private var m: LiveMachine { world[0] }

  init() {
    world.mapAll()
    world[0].install(world.context(), at: here)
  }

  private func promise(
    _ first: UInt64, _ pages: UInt64, olderThan version: UInt64, _ right: Stage2Right = .use
  ) {
    m.stage2Flushed(VMSlot(0), Stage2Span(first: first, pages: pages), olderThan: version, right)
  }

  @Test func `what was left of before a flush is stale, hit or filled`() {
    m.touch3()
    promise(3, 1, olderThan: 2)
    #expect(m.read(3).flaw == .stale(oldest: 2))
    m.dropStage1()
    let refilled = m.read(3)
    #expect(refilled.outcome == .fill && refilled.flaw == .stale(oldest: 2))
    // A write is stale, too, not only revoked.
    #expect(m.write(3).flaw == .stale(oldest: 2))
  }

  @Test func `a flush promises the pages of its span alone, for its VM alone`() {
    promise(3, 2, olderThan: 2)
    m.stage2Flushed(VMSlot(1), Stage2Span(first: 0, pages: 256), olderThan: 9, .use)
    let stale: [UInt64] = (0..<8).filter { m.read($0).flaw != .none }
    #expect(stale == [3, 4])
  }

  @Test func `a flush of a right leaves the other`() {
    promise(0, 8, olderThan: 2, .write)
    #expect(m.read(3).flaw == .none)
    #expect(m.write(3).flaw == .revoked(oldest: 2))
    world.write(.leaf(2, writable: false), to: world.entry(1, 4))
    #expect(m.read(4).flaw == .none)
    #expect(m.write(4).outcome == .fault)
  }

  @Test func `an older promise takes nothing from a newer one`() {
    promise(3, 1, olderThan: 2)
    promise(3, 1, olderThan: 1)
    #expect(m.read(3).flaw == .stale(oldest: 2))
  }

  @Test func `a span's pages are found where guests touch few`() {
    let sparse = Stage2World(
      shape: TableShape(firstLevel: 1, rootBits: 2, bits: 3, stride: 8), pagesPerVM: 16)
    sparse.mapAll()
    sparse[0].install(sparse.context(), at: here)
    sparse[0].stage2Flushed(VMSlot(0), Stage2Span(first: 65, pages: 16), olderThan: 2, .use)
    let stale: [UInt64] = [0, 1, 8, 9, 10, 11, 15].filter { sparse[0].read($0).flaw != .none }
    #expect(stale == [9, 10])
  }

  // MARK: Numbers of changes wrap after 24 bits

  private func flaw(of version: UInt64, after promised: UInt64) -> Translation.Flaw {
    world.write(.leaf(version), to: world.entry(1, 3))
    m.drop(.everything)
    promise(3, 1, olderThan: promised)
    return m.read(3).flaw
  }

  @Test(arguments: [0xFF_FFFF, 0x100_0000, 0x100_0001, 0x500_0000] as [UInt64])
  func `just before and just after a promise, wherever it lies`(_ promised: UInt64) {
    #expect(flaw(of: promised - 1, after: promised) == .stale(oldest: promised))
    #expect(flaw(of: promised, after: promised) == .none)
    #expect(flaw(of: promised + 1, after: promised) == .none)
    #expect(flaw(of: promised + 1000, after: promised) == .none)
    #expect(flaw(of: promised - 1000, after: promised) == .stale(oldest: promised))
  }

  @Test func `a mapping that outlives all numbers is not reported`() {
    promise(3, 1, olderThan: 1)
    for newest: UInt64 in [1 << 22, 1 << 23, 1 << 23 + 5, 1 << 24, 3 << 23, 9 << 23] {
      promise(9, 1, olderThan: newest)
      #expect(m.read(3).flaw == .none, "when the newest change is \(newest)")
    }
  }

  @Test func `a mapping made long after its page's last flush is not reported`() {
    for newest: UInt64 in [1 << 23, 1 << 23 + 5, 1 << 24 - 1, 1 << 24, 5 << 23] {
      promise(3, 1, olderThan: 1)
      promise(9, 1, olderThan: newest)
      for version in [newest - 1, newest, newest + 100] {
        world.write(.leaf(version), to: world.entry(1, 3))
        m.drop(.everything)
        #expect(m.read(3).flaw == .none, "change \(version) when the newest is \(newest)")
      }
    }
  }
}
