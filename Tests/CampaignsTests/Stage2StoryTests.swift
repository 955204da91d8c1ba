// What stories say of tables with levels: invalidations and translations in words, violations as
// sentences.

import Domain
import Exploration
import Machines
import Testing

@testable import Campaigns

@Suite("Stories of stage-2 tables") struct Stage2StoryTests {
  typealias Body = @Sendable (Parts, ControlledMachine) -> Void

  /// A root that names two tables, of two entries each, by which pages 0, 1 and 4 are mapped.
  struct Parts: Sendable {
    let root: Bank<ControlledWord>
    let tables: Bank<ControlledWord>

    func enter(_ m: ControlledMachine) {
      m.install(
        GuestContext(
          table: root, tag: Tag(1), slot: VMSlot(0), owner: 1, tablePages: tables), at: Site(0))
    }

    func touch(_ m: ControlledMachine, _ page: UInt64, writes: Bool = false) {
      _ = m.translate(page, writes: writes, at: Site(0))
    }
  }

  private func program(fills: Bool = false, _ body: @escaping Body) -> ControlledProgram {
    let memory = ControlledMemory(pcpuCount: 1)
    let parts = Parts(
      root: memory.words(2, initially: 0, .packed, named: "root table"),
      tables: memory.words(4, initially: 0, .packed, named: "table"))
    let m = memory.setupMachine
    func set(_ word: ControlledWord, _ entry: Stage2Entry) {
      m.store(word, entry.bits, .relaxed, at: Site(0))
    }
    func leaf(_ frame: UInt64) -> Stage2Entry {
      Stage2Entry(frame: frame, of: VMSlot(0), version: 1, isWritable: true)
    }
    set(parts.root[0], Stage2Entry(table: 0))
    set(parts.root[1], leaf(4))
    set(parts.tables[0], Stage2Entry(table: 1))
    set(parts.tables[2], leaf(0))
    set(parts.tables[3], leaf(1))
    return ControlledProgram(
      memory: memory,
      hardware: ControlledProgram.Hardware(
        tagBits: 2, highestTag: 3, vmSlots: 1, vcpus: 1, pagesPerVM: fills ? 1 : 8,
        tables: TableShape(firstLevel: 1, rootBits: 1, bits: 1), hasTLB: true,
        fillsUnasked: fills, tagsAreGlobal: true, oracles: Set(OracleID.allCases)),
      bodies: [ClosureBody { m in body(parts, m) }])
  }

  private func run(
    fills: Bool = false, _ body: @escaping Body
  ) throws -> (cells: [String], sentence: String) {
    let world = try ControlledWorld(ScenarioLibrary.builtIn.scenario(named: "m1-r2-tlb"))
    let program = program(fills: fills, body)
    let names = TraceNames(world, program)
    let engine = Engine(program)
    let end = engine.run(RunLengthRandom(), Seed(1), records: true)
    return (
      engine.trace().map(StepText(names: names).cell),
      StoryTeller(world: world, names: names).sentence(of: RecordedExecution(engine, end))
    )
  }

  @Test func `invalidations say what they remove`() throws {
    let story = try run { _, m in
      let here = InvalidationScope.thisPCPU
      m.invalidate(
        .stage2(Tag(1), Stage2Span(first: 16, pages: 8, level: 3)), on: here, at: Site(0))
      m.invalidate(.stage2(Tag(1), Stage2Span(first: 0, pages: 1)), on: here, at: Site(0))
      m.invalidate(.stage1(Tag(1)), on: here, at: Site(0))
      m.invalidate(.tag(Tag(1)), on: here, at: Site(0))
      m.invalidate(.everything, on: here, at: Site(0))
    }
    #expect(
      story.cells == [
        "invalidate stage 2 of tag 1, pages 16-23, level hint 3, here",
        "invalidate stage 2 of tag 1, page 0, here", "invalidate stage 1 of tag 1 here",
        "invalidate tag 1 here", "invalidate all here",
      ])
  }

  @Test func `entries say what they map`() {
    let read = Stage2Entry(frame: 6, of: VMSlot(3), version: 9, isWritable: false)
    let entries = [
      .empty, .locked, .poison, Stage2Entry(table: 2), read, read.writable(true),
      Stage2Entry(bits: 16),
    ]
    #expect(
      entries.map(\.words) == [
        "nothing", "locked", "nobody's", "table 2", "frame 6 of VM 3, change 9, read-only",
        "frame 6 of VM 3, change 9", "16, not valid",
      ])
  }

  @Test func `a table's words are entries, others are numbers`() throws {
    let story = try run { p, m in
      m.store(p.tables[2], Stage2Entry(table: 1).bits, .relaxed, at: Site(0))
      _ = m.compareExchange(
        p.tables[2], expected: Stage2Entry(table: 1).bits, desired: Stage2Entry.locked.bits,
        .relaxed, failure: .relaxed, at: Site(0))
      m.store(p.root[0], 0, .relaxed, at: Site(0))
    }
    #expect(
      story.cells == [
        "store table[2] = table 1", "cas table[2] table 1 -> locked ok",
        "store root table[0] = nothing",
      ])
  }

  @Test func `arrivals say what arrives`() throws {
    let story = try run { _, m in
      m.invalidate(
        .stage2(Tag(1), Stage2Span(first: 0, pages: 2, level: 3)), on: .everyPCPU, at: Site(0))
      m.waitForInvalidations(at: Site(0))
      m.invalidate(.stage1(Tag(1)), on: .everyPCPU, at: Site(0))
      m.waitForInvalidations(at: Site(0))
    }
    #expect(
      story.cells == [
        "invalidate stage 2 of tag 1, pages 0-1, level hint 3, everywhere",
        "* an invalidation of stage 2 of tag 1, pages 0-1, level hint 3, arrives",
        "wait for invalidations", "invalidate stage 1 of tag 1 everywhere",
        "* an invalidation of stage 1 of tag 1 arrives", "wait for invalidations",
      ])
  }

  @Test func `translations say where they come from`() throws {
    let story = try run { p, m in
      p.enter(m)
      p.touch(m, 0)
      p.touch(m, 0)
      p.touch(m, 1, writes: true)
      p.touch(m, 7)
      p.touch(m, 3)
      m.invalidate(.stage1(Tag(1)), on: .thisPCPU, at: Site(0))
      m.speculate(0, at: Site(0))
    }
    #expect(
      story.cells.dropFirst() == [
        "access page 0: fill by a walk, level 3", "access page 0: hit, level 3",
        "write page 1: fill by a walk from a remembered table, level 3",
        "access page 7: fill by a walk, level 1", "access page 3: fault",
        "invalidate stage 1 of tag 1 here",
        "speculate page 0: fill from the stage-2 entry, level 3",
      ])
  }

  @Test func `unasked fills say where they come from`() throws {
    let story = try run(fills: true) { p, m in
      p.enter(m)
      m.invalidate(.stage1(Tag(1)), on: .everyPCPU, at: Site(0))
      m.waitForInvalidations(at: Site(0))
      m.clearContext(at: Site(0))
    }
    let fills = story.cells.filter { $0.contains("unasked") }
    #expect(
      fills.allSatisfy { $0.hasPrefix("* fills page 0 unasked") && $0.hasSuffix(", level 3") })
  }

  @Test func `violations name the pages and the changes`() throws {
    let freed = try run { p, m in
      p.enter(m)
      m.store(p.tables[2], Stage2Entry.poison.bits, .relaxed, at: Site(0))
      p.touch(m, 0)
    }
    #expect(
      freed.sentence == "pCPU 0 used a translation of page 0 under tag 1 that leads into memory "
        + "which is not VM 0's: the walk that made it went through a table page that was freed")
    let revoked = try run { p, m in
      p.enter(m)
      m.stage2Flushed(VMSlot(0), Stage2Span(first: 0, pages: 2), olderThan: 3, .write)
      p.touch(m, 1)
      p.touch(m, 1, writes: true)
    }
    #expect(
      revoked.sentence == "pCPU 0 wrote to page 1 through an entry under tag 1 that may no longer "
        + "be written through: version 1, but the flush took that right from all older than 3")
    let stale = try run { p, m in
      p.enter(m)
      m.stage2Flushed(VMSlot(0), Stage2Span(first: 0, pages: 2), olderThan: 3, .use)
      p.touch(m, 1)
    }
    #expect(
      stale.sentence
        == "pCPU 0 hit an entry of page 1 under tag 1 that is flushed, or whose memory "
        + "is given away: "
        + "version 1, but nothing older than 3 may be left")
    let short = try run { _, m in
      m.rangeFlushBegins(Stage2Span(first: 16, pages: 8, level: 3))
      m.invalidate(
        .stage2(Tag(1), Stage2Span(first: 16, pages: 4)), on: .everyPCPU, at: Site(0))
      m.rangeFlushEnds()
    }
    #expect(
      short.sentence
        == "pCPU 0 was to invalidate pages 16-23, entries of level 3, and nothing that "
        + "it issued does so for page 20")
    let lost = try run { p, m in
      p.enter(m)
      m.takenFromLog(VMSlot(0), page: 1, wasDirty: true, version: 1)
      m.stage2Flushed(VMSlot(0), Stage2Span(first: 0, pages: 2), olderThan: 1, .write)
      p.touch(m, 1, writes: true)
      m.takenFromLog(VMSlot(0), page: 1, wasDirty: false, version: 2)
    }
    #expect(
      lost.sentence
        == "pCPU 0 took page 1 of VM 0 out of the log of writes, which did not have it, although a "
        + "guest has written it since it was last taken out")
  }
}
