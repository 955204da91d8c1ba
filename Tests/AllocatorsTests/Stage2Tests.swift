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
      #expect(
        world.linkedTables + world.unlinkedTables + world.freeTables == World.tableCount)
    }
  }

  private func draw(_ page: UInt64, _ random: inout RandomStream) -> TableChange {
    switch random.below(5) {
    case 0: .unmap(first: page, pages: 1 + random.below(8 - page))
    case 1: .protect(first: page, pages: 1 + random.below(8 - page))
    case 2: .stopLogging
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
