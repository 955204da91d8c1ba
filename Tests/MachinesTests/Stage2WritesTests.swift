// O14 on live hardware: a page that a guest has written is in the log of writes when it is taken out of it.

import Domain
import Testing

@testable import Machines

@Suite("Writes of guests, and their log") struct Stage2WritesTests {
  private let world = Stage2World()
  private var m: LiveMachine { world[0] }
  private var lost: [UInt64] { world.watcher.lostWrites.map(\.page) }

  init() {
    world.mapAll()
    world[0].install(world.context(), at: here)
  }

  /// The host takes `page` out of the log as change `version`, and flushes.
  private func take(_ page: UInt64, dirty: Bool, _ version: UInt64, flushes: Bool = true) {
    m.takenFromLog(VMSlot(0), page: page, wasDirty: dirty, version: version)
    guard flushes else { return }
    m.stage2Flushed(VMSlot(0), Stage2Span(first: page, pages: 1), olderThan: version, .write)
  }

  @Test func `a page that was written and is not in the log is reported`() throws {
    take(3, dirty: true, 1)
    _ = m.write(3)
    take(3, dirty: false, 2)
    let evidence = try #require(world.watcher.lostWrites.first)
    #expect(evidence.pcpu == PCPU(0) && evidence.slot == VMSlot(0) && evidence.page == 3)
    #expect(world.count(.checksO14) == 2)
  }

  @Test func `a page that is in the log, that was only read, or that could not be written is not`()
  {
    for page in [3, 4, 5] as [UInt64] { take(page, dirty: true, 1) }
    world.write(.leaf(1, writable: false), to: world.entry(1, 5))
    _ = m.write(3)
    _ = m.read(4)
    #expect(m.write(5).outcome == .fault)
    take(3, dirty: true, 2)
    take(4, dirty: false, 2)
    take(5, dirty: false, 2)
    #expect(lost.isEmpty && world.count(.checksO14) == 6)
  }

  @Test func `what was written before is not asked for again`() {
    _ = m.write(3)
    take(3, dirty: false, 1)
    _ = m.write(3)
    take(3, dirty: true, 2)
    take(3, dirty: false, 3)
    #expect(lost.isEmpty)
    _ = m.write(3)
    take(3, dirty: false, 4)
    #expect(lost == [3])
  }

  @Test func `until a flush is complete old entries may be written through`() {
    take(3, dirty: true, 1, flushes: false)
    _ = m.write(3)
    take(3, dirty: false, 2)
    #expect(lost.isEmpty)
  }

  @Test func `another page is not meant, nor one that guests never touch`() {
    for page in [3, 4, 128] as [UInt64] { take(page, dirty: true, 1) }
    _ = m.write(4)
    take(3, dirty: false, 2)
    take(128, dirty: false, 2)
    #expect(lost.isEmpty && world.count(.checksO14) == 3)
  }

  @Test func `of pages that lie apart those count that guests touch`() {
    let writes = Stage2Writes(
      vmSlots: 1, pagesPerVM: 4, stride: 8, in: world.hardware.memory)
    #expect(writes.take(0, 8, 1) == false)
    writes.wrote(0, 1, under: 1)
    #expect(writes.take(0, 9, 2) == nil)
    #expect(writes.take(0, 32, 2) == nil)
    #expect(writes.take(0, 16, 2) == false)
    #expect(writes.take(0, 8, 2) == true)
  }
}
