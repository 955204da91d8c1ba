// KVM's stage-2 tables, step by step and against what they ought to map.

import Domain
import Machines
import RangeInvalidation
import TestSupport
import Testing

@testable import Allocators

@Suite("Stage-2 tables") struct Stage2Tests {
  private typealias World = RecordedTables<Stage2AsMerged>

  /// What leaves a TLB, in the order in which it does.
  private func flushes(_ steps: [RecordedStep]) -> [String] {
    steps.short.filter { $0.hasPrefix("invalidate") || $0.hasPrefix("wait") }
      .filter { !$0.contains("lock") }
  }

  private func range(_ first: Int, _ pages: Int) -> [String] {
    [
      "invalidate stage 2 of tag 1, pages \(first)+\(pages) on everyPCPU", "waitForInvalidations",
    ] + stage1
  }

  private func page(_ page: Int, level: Int = 0) -> [String] {
    let hint = level == 0 ? "" : " at level \(level)"
    return [
      "invalidate stage 2 of tag 1, pages \(page)+1\(hint) on everyPCPU", "waitForInvalidations",
    ] + stage1
  }

  private let stage1 = ["invalidate stage 1 of tag 1 on everyPCPU", "waitForInvalidations"]

  @Test func `a table that gives way to a block is flushed over all that it spans`() {
    let world = World(initially: .pages)
    let steps = world.hardware.record { world.change(.collapse(page: 5)) }
    #expect(flushes(steps) == range(4, 2))
    #expect(world.mappings[4] == Mapping(frame: 4, isWritable: true, level: 2))
    #expect(world.unlinkedTables == 1)
  }

  @Test func `what is broken maps nothing until its flush is complete`() throws {
    let world = World(initially: .pages)
    let steps = world.hardware.record { world.change(.collapse(page: 5)) }.short
    let broken = try #require(steps.firstIndex { $0.hasPrefix("compareExchange relaxed table") })
    let made = try #require(steps.firstIndex { $0.hasPrefix("store release table") })
    let waits = steps.indices.filter { steps[$0] == "waitForInvalidations" }
    #expect(waits.count == 2 && waits.allSatisfy { broken < $0 && $0 < made })
  }

  @Test func `unmapping flushes tables at once and leaves by one range`() {
    let world = World(initially: .pages)
    let steps = world.hardware.record { world.change(.unmap(first: 0, pages: 4)) }
    #expect(flushes(steps) == page(0) + page(2) + page(0) + range(0, 4))
    #expect(world.mappings.prefix(4).allSatisfy { $0 == nil })
    #expect(world.mappings.suffix(4).allSatisfy { $0 != nil })
  }

  @Test(arguments: [RangeFeatures(), .tlbiRange, .fwb])
  func `without range instructions or FWB each leaf is flushed`(features: RangeFeatures) {
    let world = RecordedTables(Stage2AsMerged.self, features: features, initially: .pages)
    let steps = world.hardware.record { world.change(.unmap(first: 0, pages: 2)) }
    #expect(flushes(steps) == page(0, level: 3) + page(1, level: 3) + page(0))
  }

  @Test func `a part of a block takes all of it`() {
    let world = World(features: [], initially: .blocks)
    let steps = world.hardware.record { world.change(.unmap(first: 3, pages: 1)) }
    #expect(flushes(steps) == page(2, level: 2))
    #expect(world.mappings[2] == nil)
  }

  @Test func `write protection flushes what was asked for, when the lock is free`() throws {
    let world = World(initially: .pages)
    let steps = world.hardware.record { world.change(.protect(first: 1, pages: 4)) }
    #expect(flushes(steps) == range(1, 4))
    let unlocked = try #require(steps.short.lastIndex { $0.hasPrefix("store release mmu lock") })
    let flushed = try #require(steps.short.firstIndex { $0.hasPrefix("invalidate") })
    #expect(unlocked < flushed)
    #expect(
      world.mappings.map { $0?.isWritable } == [true, false, false, false, false, true, true, true])
  }

  @Test func `without range instructions the whole VM is flushed`() {
    let world = RecordedTables(Stage2AsMerged.self, features: [], initially: .pages)
    let steps = world.hardware.record { world.change(.protect(first: 1, pages: 4)) }
    #expect(flushes(steps) == ["invalidate tag 1 on everyPCPU", "waitForInvalidations"])
  }

  @Test func `a right that was missing is flushed from this pCPU alone`() {
    let world = World(initially: .pages)
    world.change(.protect(first: 0, pages: 8))
    let steps = world.hardware.record { world.fault(3, writes: true) }
    #expect(flushes(steps).filter { $0.contains("thisPCPU") }.count == 2)
    #expect(!flushes(steps).contains { $0.contains("everyPCPU") })
    #expect(world.mappings[3]?.isWritable == true && world.mappings[2]?.isWritable == false)
  }

  @Test func `a table that is given back holds nobody's entries`() {
    let world = World(initially: .pages)
    world.change(.unmap(first: 0, pages: 8))
    let entries = world.hardware.memory.values(of: "table")
    #expect(entries.allSatisfy { $0 == Stage2Entry.poison.bits })
    #expect(world.freeTables == World.tableCount)
  }

  @Test func `tables that were taken out are freed when nobody else looks`() {
    let world = World(initially: .pages)
    let before = world.freeTables
    world.change(.collapse(page: 0))
    #expect(world.freeTables == before && world.unlinkedTables == 1)
    world.change(.unmap(first: 6, pages: 1))
    #expect(world.freeTables == before + 1 && world.unlinkedTables == 0)
  }

  @Test(arguments: 0..<40)
  func `whatever the host and its guests do, the tables map what they ought to`(seed: UInt64) {
    let world = World()
    var reference = ReferenceMappings()
    var random = RandomStream(Seed(seed))
    for _ in 0..<200 {
      let page = random.below(8)
      if random.below(2) == 0 {
        let writes = random.below(2) == 0
        world.fault(page, writes: writes)
        reference.fault(Int(page), writes: writes)
      } else {
        let change = draw(page, &random)
        world.change(change)
        reference.apply(change)
      }
      #expect(world.mappings == reference.mappings)
      if reference.isLogging { #expect(world.dirtyPages == reference.dirtyPages.sorted()) }
      #expect(
        world.linkedTables + world.unlinkedTables + world.freeTables == World.tableCount)
    }
  }

  private func draw(_ page: UInt64, _ random: inout RandomStream) -> TableChange {
    switch random.below(5) {
    case 0: .unmap(first: page, pages: 1 + random.below(8 - page))
    case 1: .protect(first: page, pages: 1 + random.below(8 - page))
    case 2: .stopLogging(page: page)
    case 3: .collapse(page: page)
    default: .split(page: page)
    }
  }

  @Test func `a VM that ends gives all its tables back`() {
    let world = World(initially: .pages)
    world.change(.collapse(page: 2))
    world.allocator.destroyVM(world.vm, on: world.machine)
    #expect(world.freeTables == World.tableCount)
    #expect(world.mappings.allSatisfy { $0 == nil })
  }

  @Test func `memory that one VM loses the next one gets`() throws {
    let world = World(memoryBlocks: 1)
    world.fault(4, writes: true)
    #expect(world.mappings[4] == Mapping(frame: 0, isWritable: true, level: 2))
    world.fault(0, writes: true)
    #expect(world.mappings[0] == nil)
    world.change(.unmap(first: 5, pages: 1))
    #expect(world.mappings[4] == nil)
    try world.allocator.createVM(world.other, on: world.machine)
    world.allocator.serveFault(2, writes: true, of: world.other, on: world.machine)
    #expect(world.frees(memory: 0))
    world.allocator.destroyVM(world.other, on: world.machine)
    world.fault(0, writes: true)
    #expect(world.mappings[0]?.frame == 0)
  }

  @Test func `memory is given back when the flush is complete`() throws {
    let world = World(initially: .pages, memoryBlocks: 4)
    let steps = world.hardware.record { world.change(.unmap(first: 0, pages: 2)) }.short
    let given = try #require(steps.firstIndex { $0.hasPrefix("store relaxed memory block") })
    let flushed = try #require(steps.lastIndex { $0 == "waitForInvalidations" })
    #expect(flushed < given)
    let hasty = RecordedTables(MemoryGivenBeforeFlush.self, initially: .pages, memoryBlocks: 4)
    let hastySteps = hasty.hardware.record { hasty.change(.unmap(first: 0, pages: 2)) }.short
    let early = try #require(hastySteps.firstIndex { $0.hasPrefix("store relaxed memory block") })
    let late = try #require(hastySteps.lastIndex { $0 == "waitForInvalidations" })
    #expect(early < late)
  }

  @Test func `a memory slot is logged by itself`() {
    let world = World(initially: .blocks, memslots: 2)
    world.change(.protect(first: 0, pages: 4))
    #expect(
      world.mappings.map { $0?.isWritable } == [false, false, false, false, true, true, true, true])
    world.change(.unmap(first: 0, pages: 8))
    world.fault(1, writes: true)
    world.fault(5, writes: true)
    #expect(world.mappings.map { $0?.level } == [nil, 3, nil, nil, 2, 2, nil, nil].map { $0 })
    world.change(.collapse(page: 1))
    #expect(world.mappings[0]?.level == 2)
  }

  @Test func `the log has what was written since it was taken out, slot by slot`() {
    let world = World(initially: .blocks, memslots: 2)
    world.change(.protect(first: 1, pages: 2))
    // What nobody took out yet counts as written.
    #expect(world.dirtyPages == [0, 3])
    world.fault(2, writes: true)
    world.fault(1, writes: false)
    world.fault(5, writes: true)
    #expect(world.dirtyPages == [0, 2, 3])
    world.change(.protect(first: 4, pages: 4))
    #expect(world.dirtyPages == [0, 2, 3])
    world.change(.protect(first: 0, pages: 4))
    world.change(.stopLogging(page: 7))
    world.fault(6, writes: true)
    #expect(world.dirtyPages.isEmpty)
    world.change(.protect(first: 7, pages: 1))
    #expect(world.dirtyPages == [4, 5, 6])
  }

  @Test func `a write is logged before its fault gives the lock back`() throws {
    func order(_ steps: [String]) throws -> [Int] {
      try ["or relaxed dirty bitmap", "compareExchange acquire mmu lock", "add release mmu lock"]
        .map {
          step in
          try #require(steps.firstIndex { $0.hasPrefix(step) }, "\(steps)")
        }
    }
    let world = World(initially: .pages)
    let right = try order(world.hardware.record { world.fault(3, writes: true) }.short)
    #expect(right[1] < right[0] && right[0] < right[2])
    let hasty = RecordedTables(WriteLoggedBeforeLock.self, initially: .pages)
    let wrong = try order(hasty.hardware.record { hasty.fault(3, writes: true) }.short)
    #expect(wrong[0] < wrong[1])
  }

  @Test(arguments: 0..<20)
  func `a range is each of its bits, word by word`(seed: UInt64) {
    var random = RandomStream(Seed(seed))
    let first = random.below(200)
    let end = first + random.below(200)
    var pages: [UInt64] = []
    for bits in LogBits(from: first, to: end) {
      pages += (0..<64).filter { bits.mask >> $0 & 1 != 0 }.map { UInt64(bits.word) * 64 + $0 }
    }
    #expect(pages == Array(first..<end))
  }

  @Test func `a block must lie in one memory slot`() {
    let world = World(memslots: 8)
    world.fault(0, writes: true)
    #expect(world.mappings[0]?.level == 3 && world.mappings[1] == nil)
  }

  @Test func `sites are numbered as the table has them, and all of them are used`() {
    let sites = World.Allocator.sites
    #expect(sites.map(\.site.number) == (1...UInt16(sites.count)).map { $0 })
    #expect(Set(sites.map(\.name)).count == sites.count)
  }
}

@Suite("Faults of stage-2 tables") struct Stage2FaultTests {
  private func spans<Rules: Stage2Rules>(
    _: Rules.Type, features: RangeFeatures = [.tlbiRange, .fwb], _ change: TableChange
  ) -> [String] {
    let world = RecordedTables(Rules.self, features: features, initially: .pages)
    return world.hardware.record { world.change(change) }.short
      .filter { $0.hasPrefix("invalidate stage 2") }
  }

  @Test func `B72 begins at the page of the fault`() {
    #expect(
      spans(FlushFromTheMiddle.self, .collapse(page: 5))
        == ["invalidate stage 2 of tag 1, pages 5+2 on everyPCPU"])
  }

  @Test func `B73 flushes no table`() {
    #expect(
      spans(TableFlushDeferred.self, .unmap(first: 0, pages: 4))
        == ["invalidate stage 2 of tag 1, pages 0+4 on everyPCPU"])
  }

  @Test func `B74T says the level of the entry`() {
    #expect(
      spans(HintForTables.self, .unmap(first: 0, pages: 2)).first
        == "invalidate stage 2 of tag 1, pages 0+1 at level 2 on everyPCPU")
  }

  @Test func `B75 does not wait in between`() {
    let world = RecordedTables(NoWaitBetweenStages.self, initially: .pages)
    let steps = world.hardware.record { world.change(.collapse(page: 5)) }.short
    #expect(steps.count { $0 == "waitForInvalidations" } == 1)
  }

  @Test func `B77 flushes nothing`() {
    #expect(spans(NothingWithoutRanges.self, features: [], .collapse(page: 5)).isEmpty)
  }
}
