// What each invalidation removes where tables have levels.

import Domain
import Testing

@testable import Machines

@Suite("Invalidations of a live pCPU's stage 2") struct Stage2FlushTests {
  private let world = Stage2World()
  private var m: LiveMachine { world[0] }

  init() {
    world.mapAll()
    world[0].install(world.context(), at: here)
  }

  // MARK: One stage and both

  @Test func `an operation on stage 2 leaves what was made of both stages`() {
    m.touch3()
    world.write(.leaf(2), to: world.entry(1, 3))
    m.dropStage2(3, 1)
    #expect(m.read(3).version == 1)
    #expect(m.read(3).outcome == .hit)
  }

  @Test func `an operation on stage 1 leaves what is remembered of stage 2`() {
    m.touch3()
    world.write(.leaf(2), to: world.entry(1, 3))
    m.dropStage1()
    let refilled = m.read(3)
    #expect(refilled.outcome == .fill && refilled.version == 1)
    #expect(world.count(.ipaHits) == 1)
  }

  @Test func `stage 2 and then stage 1 leave nothing`() {
    m.touch3()
    world.write(.leaf(2), to: world.entry(1, 3))
    m.dropStage2(3, 1, level: 3)
    m.dropStage1()
    #expect(m.read(3).version == 2)
  }

  @Test func `stage 1 and then stage 2 leave what was combined in between`() {
    m.touch3()
    world.write(.leaf(2), to: world.entry(1, 3))
    m.dropStage1()
    m.touch3()
    m.dropStage2(3, 1)
    #expect(m.read(3).version == 1)
  }

  @Test(arguments: [Invalidation.everything, .tag(Tag(3))])
  func `what drops both stages drops tables, too`(_ what: Invalidation) {
    m.touch3()
    m.drop(what)
    #expect(world.steps(3) == 3)
  }

  @Test func `another tag's operations remove nothing`() {
    m.touch3()
    m.drop(.tag(Tag(4)))
    m.drop(.stage2(Tag(4), Stage2Span(first: 0, pages: 256)))
    #expect(m.read(3).outcome == .hit)
    m.dropStage1()
    #expect(world.steps(3) == 0)
  }

  // MARK: Hints

  /// Words read for page 3, which is mapped alone, and for page 9, of a block, after an operation.
  private func stepsAfter(_ first: UInt64, _ pages: UInt64, level: Int) -> [UInt64] {
    m.touch3()
    _ = m.read(9)
    m.dropStage2(first, pages, level: level)
    m.dropStage1()
    return [world.steps(3), world.steps(9)]
  }

  @Test func `a hint of the last level removes pages, and neither blocks nor tables`() {
    #expect(stepsAfter(0, 256, level: 3) == [1, 0])
  }

  @Test func `a hint of level 2 removes blocks, and neither pages nor tables`() {
    #expect(stepsAfter(0, 256, level: 2) == [0, 1])
  }

  @Test func `a hint of a level at which nothing maps removes nothing`() {
    #expect(stepsAfter(0, 256, level: 1) == [0, 0])
  }

  @Test func `without a hint all goes`() {
    #expect(stepsAfter(0, 256, level: 0) == [3, 1])
  }

  @Test func `a page in a block names the block`() {
    #expect(stepsAfter(15, 1, level: 2) == [0, 1])
  }

  @Test func `a page removes the tables that lead to it, and no other page`() {
    // The level-2 table goes as well: root, level 2; the last level's table went, too.
    #expect(stepsAfter(7, 1, level: 0) == [0, 0])
    #expect(world.steps(4) == 3)
  }

  @Test func `what lies beside the span stays`() {
    #expect(stepsAfter(16, 48, level: 0) == [0, 0])
    #expect(world.steps(4) == 1)
  }

  // MARK: Scope, moment, ring

  @Test func `an operation on this pCPU leaves the other's, and needs no wait`() {
    world[1].install(world.context(), at: here)
    for pcpu in 0..<2 {
      world[pcpu].touch3()
      world[pcpu].invalidate(.stage1(Tag(3)), on: .thisPCPU, at: here)
    }
    m.invalidate(
      .stage2(Tag(3), Stage2Span(first: 0, pages: 8)), on: .thisPCPU, at: here)
    #expect(world.steps(3) == 3)
    #expect(world.steps(3, on: 1) == 0)
    m.invalidate(.tag(Tag(3)), on: .thisPCPU, at: here)
    #expect(world.steps(3) == 3)
    m.invalidate(.everything, on: .thisPCPU, at: here)
    #expect(world.steps(3) == 3)
  }

  @Test func `a pCPU comes back online with nothing`() {
    m.touch3()
    m.setOnline(false, at: here)
    m.setOnline(true, at: here)
    #expect(world.steps(3) == 3)
  }

  /// Whether the other pCPU finds page 3 in its caches of stage 2, before and after the wait.
  private func stays(
    _ seed: UInt64, _ others: Int = 0, thenStage1: Bool = false
  ) -> (before: Bool, after: Bool, stage1Before: Bool) {
    let world = Stage2World(seed: seed)
    world.mapAll()
    world[1].install(world.context(), at: here)
    world[1].touch3()
    for page in 0..<others {
      world[0].invalidate(
        .stage2(Tag(3), Stage2Span(first: UInt64(200 + page), pages: 1)), on: .everyPCPU, at: here)
    }
    world[0].invalidate(
      .stage2(Tag(3), Stage2Span(first: 3, pages: 1, level: 3)), on: .everyPCPU, at: here)
    if thenStage1 { world[0].invalidate(.stage1(Tag(3)), on: .everyPCPU, at: here) }
    let words = world.count(.walkSteps, of: 1)
    let stage1Before = world[1].read(3).outcome == .fill
    if !stage1Before {
      world[1].invalidate(.stage1(Tag(3)), on: .thisPCPU, at: here)
      _ = world[1].read(3)
    }
    let before = world.count(.walkSteps, of: 1) == words
    world[0].waitForInvalidations(at: here)
    world[1].invalidate(.stage1(Tag(3)), on: .thisPCPU, at: here)
    return (before, world.steps(3, on: 1) == 0, stage1Before)
  }

  @Test(arguments: [0, 3, 10])
  func `over many seeds it comes now before the wait, now with it, and never later`(_ others: Int) {
    let seen = (0..<128).map { stays($0, others) }
    let late = seen.count { $0.before }
    #expect((32...96).contains(late), "\(late) of 128 came with the wait")
    // What came before the wait left an entry made after it: that one stays.
    #expect(seen.allSatisfy { !$0.before || !$0.after })
  }

  @Test func `without a wait between, stage 1 may go before stage 2`() {
    let seen = (0..<128).map { stays($0, thenStage1: true) }
    #expect(seen.contains { $0.stage1Before && $0.before })
    #expect(seen.contains { !$0.stage1Before && !$0.before })
  }

  @Test(arguments: [(256, 0), (257, 3)])
  func `an entry survives as many unrelated operations as the ring holds`(
    _ others: Int, _ words: UInt64
  ) {
    m.touch3()
    for _ in 0..<others { m.dropStage2(200, 1) }
    m.dropStage1()
    #expect(world.steps(3) == words)
  }

  @Test(arguments: [0, 1, 200, 255, 256, 300, 511, 600])
  func `its own operation is never forgotten, however many follow`(_ others: Int) {
    m.touch3()
    m.dropStage2(3, 1, level: 3)
    for _ in 0..<others { m.dropStage2(200, 1) }
    m.dropStage1()
    #expect(world.steps(3) > 0)
  }

  @Test func `a place of the ring that is not yet written drops the entry`() throws {
    m.touch3()
    // Another pCPU has moved the head and not come further.
    let bus = try #require(world.hardware.stage2).pointee.bus
    _ = m.add(bus.head, 1, .sequentiallyConsistent, at: here)
    m.dropStage1()
    #expect(world.steps(3) == 3)
  }

  @Test func `when the count of operations runs over, entries are dropped`() throws {
    let bus = try #require(world.hardware.stage2).pointee.bus
    m.store(bus.head, 1 << 24 - 2, .relaxed, at: here)
    m.touch3()
    for _ in 0..<4 { m.dropStage2(200, 1) }
    m.dropStage1()
    #expect(world.steps(3) == 3)
  }

  @Test(arguments: [InvalidationScope.everyPCPU, .thisPCPU])
  func `a page of both stages goes from both`(_ scope: InvalidationScope) {
    m.touch3()
    _ = m.read(9)
    m.invalidate(.page(Tag(3), page: 3), on: scope, at: here)
    m.waitForInvalidations(at: here)
    #expect(m.read(9).outcome == .hit)
    #expect(world.steps(3) == 3)
  }

  // MARK: Walks that are under way

  /// A walk that begins before the table of pages 0 to 7 is flushed, by its first page, and ends when it is
  /// somebody else's: nothing of it counts, and nothing is remembered.
  @Test func `a walk that a table's flush overtakes is made again`() throws {
    _ = m.read(4)
    let stage2 = try #require(m.own.pointee.stage2)
    let start = stage2.pointee.bus.stamp
    world.write(.empty, to: world.entry(0, 0))
    m.dropStage2(0, 1)
    m.dropStage1()
    for index in 0..<8 { world.write(.poison, to: world.entry(1, index)) }
    let found = stage2.pointee.find(5, Tag(3), root: world.roots[0][0], at: start)
    #expect(found.entry == .poison && found.level == 3)
    let holds = stage2.pointee.stillHolds(found, 5, Tag(3), since: start)
    #expect(!holds)
    #expect(m.read(5).outcome == .fault)
  }

  /// A page on another way, a leaf beside it, and a page whose way is the walk's.
  @Test(arguments: [
    (Stage2Span(first: 64, pages: 1), true), (Stage2Span(first: 3, pages: 1, level: 3), true),
    (Stage2Span(first: 3, pages: 1), false),
  ])
  func `a walk counts that a flush overtakes which is not meant for its tables`(
    _ other: Stage2Span, holds: Bool
  ) throws {
    let stage2 = try #require(m.own.pointee.stage2)
    let start = stage2.pointee.bus.stamp
    m.invalidate(.stage2(Tag(3), other), on: .everyPCPU, at: here)
    m.waitForInvalidations(at: here)
    let found = stage2.pointee.find(5, Tag(3), root: world.roots[0][0], at: start)
    #expect(found.entry.isLeaf && found.steps == 3)
    let stillHolds = stage2.pointee.stillHolds(found, 5, Tag(3), since: start)
    #expect(stillHolds == holds)
  }

  // MARK: Counting, and what is covered

  @Test func `operations are counted by what they name`() {
    m.dropStage2(3, 1)
    m.dropStage2(0, 64)
    m.dropStage1()
    m.drop(.tag(Tag(3)))
    m.invalidate(.stage2(Tag(3), Stage2Span(first: 3, pages: 1)), on: .thisPCPU, at: here)
    let counters: [Counter] = [.flushesOfPages, .flushesOfRanges, .flushesOfTags]
    #expect(counters.map { world.count($0) } == [2, 1, 2])
    #expect(world.count(.invalidationBroadcasts) == 4)
  }

  private func flush(_ wanted: Stage2Span, _ issued: [Invalidation]) -> UnderCoverEvidence? {
    m.rangeFlushBegins(wanted)
    for what in issued { m.invalidate(what, on: .everyPCPU, at: here) }
    m.waitForInvalidations(at: here)
    m.rangeFlushEnds()
    return world.watcher.underCovers.last
  }

  @Test func `a flush that names all its pages is not reported`() {
    let wanted = Stage2Span(first: 8, pages: 24)
    let halves = [8, 24].map {
      Invalidation.stage2(Tag(3), Stage2Span(first: $0, pages: 16))
    }
    #expect(flush(wanted, halves) == nil)
    #expect(flush(wanted, [.tag(Tag(3))]) == nil)
    #expect(flush(wanted, [.everything]) == nil)
    #expect(world.count(.checksO10) == 3)
  }

  @Test func `a flush that leaves pages out is reported with the first one`() {
    let wanted = Stage2Span(first: 8, pages: 24)
    let evidence = flush(
      wanted,
      [
        .stage2(Tag(3), Stage2Span(first: 24, pages: 8)),
        .stage2(Tag(3), Stage2Span(first: 8, pages: 10)), .stage1(Tag(3)),
      ])
    #expect(evidence?.firstMissed == 18)
    #expect(evidence?.wanted == wanted && evidence?.pcpu == PCPU(0))
    // What goes to this pCPU alone, and what is issued outside, does not count.
    m.rangeFlushBegins(Stage2Span(first: 2, pages: 1))
    m.invalidate(.tag(Tag(3)), on: .thisPCPU, at: here)
    m.rangeFlushEnds()
    m.dropStage2(2, 1)
    #expect(world.watcher.underCovers.last?.firstMissed == 2)
  }
}
