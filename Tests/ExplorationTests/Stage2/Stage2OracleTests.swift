// What the oracles say of stage 2, over all schedules: each fault is found in one, and the right program
// in none.

import Domain
import Exploration
import Machines
import Testing

@Suite("Oracles of stage-2 tables") struct Stage2OracleTests {
  private let page = Stage2World.span

  /// A guest that touches page 0 again and again, beside a pCPU that takes it away with `flush`.
  private func unmap(
    accesses: Int = 3, fills: Bool = false, _ flush: @escaping Stage2World.Body
  ) -> ControlledProgram {
    Stage2World.program(
      pages: 1, fills: fills,
      [
        { w, m in w.run(m, Array(repeating: 0, count: accesses)) },
        { w, m in
          w.set(2, .empty, m)
          flush(w, m)
        },
      ])
  }

  // MARK: O4 and the order of the stages

  @Test(arguments: [false, true])
  func `stage 1 that is dropped before stage 2 has gone is made again of it`(fills: Bool) {
    let page = page
    let accesses = fills ? 1 : 3
    let hasty = unmap(accesses: accesses, fills: fills) { w, m in
      w.dropStage2(m, page)
      w.dropStage1(m)
      w.wait(m)
      m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use)
    }
    let right = unmap(accesses: accesses, fills: fills) { w, m in w.flush(m, page, olderThan: 2) }
    #expect(Stage2World.verdicts(hasty) == ["staleHit"])
    #expect(Stage2World.verdicts(right) == [])
  }

  @Test func `the fill that goes wrong is one from the stage-2 entry`() throws {
    let page = page
    let engine = Engine(
      unmap { w, m in
        w.dropStage2(m, page)
        w.dropStage1(m)
        w.wait(m)
        m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use)
      })
    var origins: [TranslationStep.Origin] = []
    for seed in 0..<100_000 where origins.isEmpty {
      guard case .violation = engine.run(RandomWalk(), Seed(UInt64(seed))).outcome else { continue }
      engine.run(RandomWalk(), Seed(UInt64(seed)), records: true)
      origins = engine.trace().filter { $0.operation.kind == .translate }
        .map { TranslationStep(bits: $0.result).origin }
    }
    #expect(origins == [.root, .stage2Entry, .combinedEntry])
  }

  @Test func `a flush that leaves one of the stages is found`() {
    let page = page
    let stage2Only = unmap { w, m in
      w.dropStage2(m, page)
      w.wait(m)
      m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use)
    }
    let stage1Only = unmap { w, m in
      w.dropStage1(m)
      w.wait(m)
      m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use)
    }
    let none = unmap { w, m in m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use) }
    let wholeTag = unmap { w, m in
      m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: Site(5))
      w.wait(m)
      m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use)
    }
    #expect(Stage2World.verdicts(stage2Only) == ["staleHit"])
    #expect(Stage2World.verdicts(stage1Only) == ["staleHit"])
    #expect(Stage2World.verdicts(none) == ["staleHit"])
    #expect(Stage2World.verdicts(wholeTag) == [])
  }

  @Test func `a hint for another level is found`() {
    let wrong = unmap { w, m in w.flush(m, Stage2Span(first: 0, pages: 1, level: 2), olderThan: 2) }
    #expect(Stage2World.verdicts(wrong) == ["staleHit"])
  }

  @Test func `changes are counted round`() {
    func used(version: UInt64, oldest: UInt64) -> Set<String>? {
      Stage2World.verdicts(
        Stage2World.program([
          { w, m in
            w.set(2, Stage2World.leaf(0, version: version), m)
            m.stage2Flushed(VMSlot(0), Stage2World.span, olderThan: oldest, .use)
            // What came before takes nothing back.
            let earlier = (oldest &- 3) & 0xFF_FFFF
            m.stage2Flushed(VMSlot(0), Stage2World.span, olderThan: earlier, .use)
            w.run(m, [0])
          }
        ]))
    }
    #expect(used(version: 1, oldest: 0xFF_FFFE) == [])
    #expect(used(version: 0xFF_FFFD, oldest: 0xFF_FFFE) == ["staleHit"])
    #expect(used(version: 0xFF_FFFF, oldest: 1) == ["staleHit"])
    #expect(used(version: 0xFF_FFFF, oldest: 0xFF_FFFF) == [])
  }

  // MARK: O4 and tables that are freed

  /// Page 0's table is unlinked, flushed as `span` says, and its memory given away.
  private func free(_ span: Stage2Span) -> ControlledProgram {
    Stage2World.program([
      { w, m in w.run(m, [0, 1]) },
      { w, m in
        w.set(0, .empty, m)
        w.flush(m, span, olderThan: 2)
        w.set(2, .poison, m)
        w.set(3, .poison, m)
      },
    ])
  }

  @Test func `a walk through a table that was freed is found`() {
    // The hint of a leaf keeps the table.
    let hinted = Stage2World.verdicts(free(Stage2Span(first: 0, pages: 2, level: 3)))
    #expect(hinted?.contains("foreignUse") == true)
    #expect(Stage2World.verdicts(free(Stage2Span(first: 0, pages: 2))) == [])
    // Only behind the first page: the table is that of both. What is left is page 0's own entry.
    let short = Stage2World.verdicts(free(Stage2Span(first: 1, pages: 1)))
    #expect(short?.contains("foreignUse") == false)
  }

  @Test func `what nobody flushed leads into memory that was given away`() {
    let unflushed = Stage2World.program([
      { w, m in w.run(m, [0, 1]) },
      { w, m in
        w.set(0, .empty, m)
        w.set(3, .poison, m)
      },
    ])
    #expect(Stage2World.verdicts(unflushed) == ["foreignUse"])
  }

  // MARK: O4 and the right to write

  /// Page 0 is protected against writing while a guest uses it.
  private func protect(writes: Bool, _ flush: @escaping Stage2World.Body) -> ControlledProgram {
    Stage2World.program(
      pages: 1,
      [
        { w, m in w.run(m, [0, 0, 0], writes: writes) },
        { w, m in
          w.set(2, Stage2World.leaf(0, version: 2, isWritable: false), m)
          flush(w, m)
        },
      ])
  }

  @Test func `a write through an entry that lost the right is found, a read is none`() {
    let page = page
    let halfFlush: Stage2World.Body = { w, m in
      w.dropStage2(m, page)
      w.wait(m)
      m.stage2Flushed(VMSlot(0), page, olderThan: 2, .write)
    }
    #expect(Stage2World.verdicts(protect(writes: true, halfFlush)) == ["revokedWrite"])
    #expect(Stage2World.verdicts(protect(writes: false, halfFlush)) == [])
    let whole = protect(writes: true) { w, m in w.flush(m, page, olderThan: 2, .write) }
    #expect(Stage2World.verdicts(whole) == [])
  }

  // MARK: O14

  /// Page 0 is taken out of the log while a guest that may write it does, and once more when it has been
  /// logged or not.
  private func log(_ wasDirty: Bool, writes: Bool = true, protects: Bool = true) -> Set<String>? {
    let page = page
    return Stage2World.verdicts(
      Stage2World.program(
        pages: 1, oracles: [.o4, .o14],
        [
          { w, m in w.run(m, [0], writes: writes) },
          { w, m in
            m.takenFromLog(VMSlot(0), page: 0, wasDirty: true, version: 2)
            if protects {
              // Another write must ask first, and so gets an entry of the same number or a later one.
              w.set(2, Stage2World.leaf(0, version: 2), m)
              w.flush(m, page, olderThan: 2, .write)
            }
            m.store(w.flag, 1, .relaxed, at: Site(9))
            m.takenFromLog(VMSlot(0), page: 0, wasDirty: wasDirty, version: 3)
          },
        ]))
  }

  @Test func `a write that the log does not have is found`() {
    #expect(log(false) == ["lostWrite"])
    #expect(log(true) == [])
    #expect(log(false, writes: false) == [])
    // Without a flush nobody says that what came before has an end.
    #expect(log(false, protects: false) == [])
  }

  @Test func `what was written before a page was taken out is not asked for again`() {
    let page = page
    let program = Stage2World.program(
      oracles: [.o14],
      [
        { w, m in
          m.takenFromLog(VMSlot(0), page: 0, wasDirty: false, version: 1)
          m.stage2Flushed(VMSlot(0), page, olderThan: 1, .write)
          w.run(m, [0], writes: true)
          m.takenFromLog(VMSlot(0), page: 0, wasDirty: true, version: 2)
          m.takenFromLog(VMSlot(0), page: 0, wasDirty: false, version: 3)
          // Another page, another VM, and one that no guest touches.
          m.takenFromLog(VMSlot(0), page: 1, wasDirty: false, version: 3)
          m.takenFromLog(VMSlot(1), page: 0, wasDirty: false, version: 3)
          m.takenFromLog(VMSlot(0), page: 8, wasDirty: false, version: 3)
        }
      ])
    let engine = Engine(program)
    #expect(engine.run(RandomWalk(), Seed(1)).outcome == .finished)
    #expect(engine.counts[.checksO14] == 5)
  }

  // MARK: O3 and O12

  /// Page 1 is behind a table of the other VM, page 7 is not: that there is a table is enough.
  @Test(arguments: [1, 7] as [UInt64])
  func `stage 2 of another VM under the tag is found`(page: UInt64) {
    func reuse(_ flush: Invalidation) -> Set<String>? {
      Stage2World.verdicts(
        Stage2World.program([
          { w, m in
            w.run(m, [0])
            m.invalidate(flush, on: .thisPCPU, at: Site(6))
            w.enter(m, vm: 1)
            w.touch(m, page)
            m.clearContext(at: Site(4))
          }
        ]))
    }
    #expect(reuse(.stage1(Tag(1))) == ["twoOwners"])
    let all = Stage2Span(first: 0, pages: 8)
    #expect(reuse(.stage2(Tag(1), all)) == ["twoOwners"])
    #expect(reuse(.tag(Tag(1))) == [])
    #expect(reuse(.everything) == [])
  }

  @Test func `stage 2 is the same for all vCPUs, what is made of it is not`() {
    func other(_ flush: Invalidation) -> Set<String>? {
      Stage2World.verdicts(
        Stage2World.program([
          { w, m in
            w.run(m, [0])
            m.invalidate(flush, on: .thisPCPU, at: Site(6))
            w.enter(m, vcpu: 1)
            w.touch(m, 0)
            m.clearContext(at: Site(4))
          }
        ]))
    }
    #expect(other(.stage1(Tag(1))) == [])
    #expect(other(.stage1(Tag(2))) == ["otherVCPU"])
  }

  // MARK: O10

  private func cover(
    _ wanted: Stage2Span, oracles: Set<OracleID> = [.o9, .o10],
    _ issue: @escaping @Sendable (Stage2World, ControlledMachine) -> Void
  ) -> Set<String>? {
    Stage2World.verdicts(
      Stage2World.program(
        oracles: oracles,
        [
          { w, m in
            m.rangeFlushBegins(wanted)
            issue(w, m)
            m.rangeFlushEnds()
            w.wait(m)
          }, { w, m in m.store(w.flag, 1, .relaxed, at: Site(9)) },
        ]))
  }

  @Test func `a flush that leaves a page is found`() {
    let wanted = Stage2Span(first: 0, pages: 4, level: 3)
    func parts(_ spans: [Stage2Span]) -> @Sendable (Stage2World, ControlledMachine) -> Void {
      { w, m in
        w.dropStage2(m, spans[0])
        w.dropStage2(m, spans[1])
      }
    }
    let first = Stage2Span(first: 0, pages: 3)
    let last = Stage2Span(first: 3, pages: 1, level: 3)
    #expect(cover(wanted, parts([first, last])) == [])
    #expect(cover(wanted, parts([last, first])) == [])
    #expect(cover(wanted, parts([first, first])) == ["underCover"])
    #expect(
      cover(wanted, parts([first, Stage2Span(first: 3, pages: 1, level: 2)])) == ["underCover"])
    #expect(cover(wanted, oracles: [.o9], parts([first, first])) == [])
  }

  @Test func `what reaches one TLB only covers nothing, a whole tag everything`() {
    let wanted = Stage2Span(first: 0, pages: 1)
    #expect(
      cover(wanted) { _, m in
        m.invalidate(.stage2(Tag(1), wanted), on: .thisPCPU, at: Site(5))
      } == ["underCover"])
    #expect(
      cover(wanted) { _, m in m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: Site(5)) } == [])
    #expect(cover(wanted) { w, m in w.dropStage1(m) } == ["underCover"])
    #expect(cover(wanted) { w, m in w.dropStage2(m, Stage2World.span) } == ["underCover"])
  }

  @Test func `each flush is judged by what it issued itself`() {
    let wanted = Stage2Span(first: 0, pages: 1)
    let program = Stage2World.program([
      { w, m in
        w.dropStage2(m, wanted)
        m.rangeFlushBegins(wanted)
        m.rangeFlushEnds()
        w.wait(m)
      }
    ])
    #expect(Stage2World.verdicts(program) == ["underCover"])
    let engine = Engine(program)
    let end = engine.run(RandomWalk(), Seed(1))
    #expect(
      end.outcome == .violation(.underCover(pcpu: 0, missed: 0, first: 0, pages: 1, level: 0)))
    #expect(engine.counts[.checksO10] == 1)
  }
}
