// What simulated hardware does with tables that have levels: walks, what TLBs remember of them, what
// invalidations remove. One pCPU, so each program has one schedule.

import Domain
import Exploration
import Machines
import Testing

@Suite("Stage-2 tables with levels") struct Stage2HardwareTests {
  @Test func `a walk ends at a page or a block, and begins at the lowest table that is remembered`()
  {
    let found = Stage2World.translations { w, m in w.run(m, [0, 1, 2, 7, 0]) }
    #expect(
      found == [
        .fill(3, .root), .fill(3, .rememberedTable), .fill(2, .rememberedTable), .fill(1, .root),
        .hit(3),
      ])
  }

  @Test(
    "what is not valid is a fault, at every level",
    arguments: [
      Stage2Entry.empty, .locked, Stage2Entry(table: 1 << 20),
    ])
  func faults(_ entry: Stage2Entry) {
    let found = Stage2World.translations { w, m in
      w.set(2, entry, m)
      w.run(m, [0, 1])
      w.set(0, entry, m)
      w.set(w.roots[0][1], entry, m)
      m.invalidate(.everything, on: .thisPCPU, at: Site(8))
      w.run(m, [1, 5])
    }
    #expect(found == [.fault, .fill(3, .rememberedTable), .fault, .fault])
  }

  @Test func `a table in the last level is a fault`() {
    let found = Stage2World.translations { w, m in
      w.set(2, Stage2Entry(table: 1), m)
      w.run(m, [0])
    }
    #expect(found == [.fault])
  }

  /// What page 0 is after an invalidation, before and after what was made of stage 1 has gone; it was
  /// used before, under tag 1.
  private func after(_ what: Invalidation, _ page: UInt64 = 0) -> [TranslationStep] {
    Stage2World.translations { w, m in
      w.enter(m)
      w.touch(m, page)
      m.invalidate(what, on: .thisPCPU, at: Site(5))
      w.touch(m, page)
      m.invalidate(.stage1(Tag(1)), on: .thisPCPU, at: Site(6))
      w.touch(m, page)
      m.clearContext(at: Site(4))
    }.suffix(2)
  }

  private func span(_ first: UInt64, _ pages: UInt64, level: Int = 0) -> Invalidation {
    .stage2(Tag(1), Stage2Span(first: first, pages: pages, level: level))
  }

  @Test func `stage 2 goes, and what was made of it stays`() {
    #expect(after(span(0, 1)) == [.hit(3), .fill(3, .root)])
  }

  @Test func `stage 1 goes, and is made again of stage 2`() {
    #expect(after(.stage1(Tag(1))) == [.fill(3, .stage2Entry), .fill(3, .stage2Entry)])
  }

  @Test func `a hint keeps tables, and entries of other levels`() {
    #expect(after(span(0, 1, level: 3)) == [.hit(3), .fill(3, .rememberedTable)])
    for level in [1, 2] {
      #expect(after(span(0, 8, level: level)) == [.hit(3), .fill(3, .stage2Entry)])
    }
    #expect(after(span(2, 1, level: 3), 2) == [.hit(2), .fill(2, .stage2Entry)])
  }

  @Test func `a block goes with any of its pages`() {
    #expect(after(span(3, 1, level: 2), 2) == [.hit(2), .fill(2, .rememberedTable)])
    #expect(after(span(3, 1), 2) == [.hit(2), .fill(2, .root)])
    #expect(after(span(4, 1, level: 1), 7) == [.hit(1), .fill(1, .root)])
  }

  @Test func `pages beside it stay, and the tables that lead to them`() {
    // Page 1 has table 1 in common with page 0, page 2 table 0 only.
    #expect(after(span(1, 1)) == [.hit(3), .fill(3, .stage2Entry)])
    #expect(after(span(4, 4)) == [.hit(3), .fill(3, .stage2Entry)])
    let found = Stage2World.translations { w, m in
      w.run(m, [0])
      m.invalidate(span(2, 1), on: .thisPCPU, at: Site(5))
      w.run(m, [1])
    }
    #expect(found == [.fill(3, .root), .fill(3, .rememberedTable)])
  }

  @Test func `a tag goes with all that is under it, and leaves the others`() {
    for what in [Invalidation.everything, .tag(Tag(1))] {
      #expect(after(what) == [.fill(3, .root), .fill(3, .stage2Entry)])
      #expect(after(what, 2) == [.fill(2, .root), .fill(2, .stage2Entry)])
    }
    #expect(after(.tag(Tag(2))) == [.hit(3), .fill(3, .stage2Entry)])
    #expect(after(.stage2(Tag(2), Stage2Span(first: 0, pages: 8))).last == .fill(3, .stage2Entry))
    #expect(after(.stage1(Tag(2))) == [.hit(3), .fill(3, .stage2Entry)])
  }

  @Test func `an entry that forbids writing is a fault for writes until it has gone`() {
    let found = Stage2World.translations { w, m in
      w.set(2, Stage2World.leaf(0, isWritable: false), m)
      w.enter(m)
      w.touch(m, 0, writes: true)
      w.touch(m, 0)
      w.set(2, Stage2World.leaf(0, version: 2), m)
      w.touch(m, 0, writes: true)
      m.invalidate(.stage1(Tag(1)), on: .thisPCPU, at: Site(6))
      w.touch(m, 0, writes: true)
      m.invalidate(span(0, 1, level: 3), on: .thisPCPU, at: Site(5))
      m.invalidate(.stage1(Tag(1)), on: .thisPCPU, at: Site(6))
      w.touch(m, 0, writes: true)
    }
    #expect(found.map(\.outcome) == [0, 2, 0, 0, 1])
    #expect(found.map(\.level) == [3, 3, 3, 3, 3])
  }

  @Test func `the next execution starts with empty TLBs`() {
    let engine = Engine(Stage2World.program([{ w, m in w.run(m, [0, 1]) }]))
    let first = engine.run(RandomWalk(), Seed(1))
    #expect(engine.run(RandomWalk(), Seed(1)).traceHash == first.traceHash)
  }

  @Test func `pages may lie apart`() {
    // Pages 0 and 1 of the guest are 0 and 4 of eight.
    let memory = ControlledMemory(pcpuCount: 1)
    let root = memory.words(2, initially: Stage2World.leaf(0).bits, .packed, named: "root")
    let shape = TableShape(firstLevel: 1, rootBits: 1, bits: 1, stride: 4)
    let body = ClosureBody { m in
      m.install(
        GuestContext(
          table: root, tag: Tag(1), slot: VMSlot(0), owner: 1, tablePages: root), at: Site(1))
      for page in [0, 1, 0, 1] as [UInt64] {
        _ = m.translate(page, at: Site(3))
        m.invalidate(
          .stage2(Tag(1), Stage2Span(first: 4, pages: 1)), on: .thisPCPU, at: Site(5))
        m.invalidate(.stage1(Tag(1)), on: .thisPCPU, at: Site(6))
      }
    }
    let engine = Engine(
      ControlledProgram(
        memory: memory,
        hardware: ControlledProgram.Hardware(
          tagBits: 2, highestTag: 3, vmSlots: 1, vcpus: 1, pagesPerVM: 2, tables: shape,
          hasTLB: true, fillsUnasked: false, tagsAreGlobal: true, oracles: OracleID.common),
        bodies: [body]))
    engine.run(RandomWalk(), Seed(1), records: true)
    let found = engine.trace().filter { $0.operation.kind == .translate }
      .map { TranslationStep(bits: $0.result) }
    #expect(
      found == [.fill(1, .root), .fill(1, .root), .fill(1, .stage2Entry), .fill(1, .root)])
  }
}
