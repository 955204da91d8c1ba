// All that is done to a table while two guests run: a page is protected, one is taken away, and then a
// block takes the place of a table, whose memory is given away.

import Domain
import Exploration
import Machines

/// What may be wrong with it.
enum Stage2Fault: String, CaseIterable, Sendable {
  case none
  /// Stage 1 is dropped before stage 2 is known to be gone.
  case noWaitBetween
  case noStage1
  case noStage2
  /// All invalidations name leaves of level 3.
  case leafHintForTable
  /// The memory of a table is given away before anything is invalidated.
  case freedFirst
  /// The last page of each span is left.
  case shortSpan
  /// The log of writes does not say that page 0 was written.
  case unlogged
  /// One VM's guests come after another's under its tag, and only stage 1 is dropped between.
  case tagWithStage2
}

extension Stage2World {
  static func changes(_ fault: Stage2Fault, fills: Bool) -> ControlledProgram {
    program(
      pages: 4, fills: fills,
      [
        { w, m in
          w.run(m, [0, 1])
          if fault == .tagWithStage2 { w.follow(m) }
          w.run(m, [1, 0], writes: true)
        },
        { w, m in
          w.enter(m)
          w.touch(m, 0, writes: true)
          m.speculate(1, at: Site(10))
          w.touch(m, 2)
          w.touch(m, 0)
          w.touch(m, 0, writes: true)
          m.clearContext(at: Site(4))
        },
        { w, m in
          if fault != .tagWithStage2 { w.change(m, fault) }
        },
      ])
  }

  /// Another VM runs under the tag of the first.
  private func follow(_ m: ControlledMachine) {
    m.invalidate(.stage1(Tag(1)), on: .thisPCPU, at: Site(6))
    enter(m, vm: 1, tag: 1)
    touch(m, 1)
    m.clearContext(at: Site(4))
  }

  private func change(_ m: ControlledMachine, _ fault: Stage2Fault) {
    m.takenFromLog(VMSlot(0), page: 0, wasDirty: true, version: 2)
    set(2, Self.leaf(0, version: 2, isWritable: false), m)
    flush(m, Stage2Span(first: 0, pages: 1, level: 3), olderThan: 2, .write, fault)
    if fault == .unlogged {
      set(2, Self.leaf(0, version: 2), m)
      flush(m, Stage2Span(first: 0, pages: 1, level: 3), olderThan: 2, .use, fault)
      m.takenFromLog(VMSlot(0), page: 0, wasDirty: false, version: 3)
    }
    set(3, .empty, m)
    flush(m, Stage2Span(first: 1, pages: 1, level: 3), olderThan: 3, .use, fault)
    set(0, .locked, m)
    if fault == .freedFirst { free(m) }
    flush(m, Stage2Span(first: 0, pages: 2), olderThan: 4, .use, fault)
    set(0, Self.leaf(0, version: 4), m)
    if fault != .freedFirst { free(m) }
  }

  private func free(_ m: ControlledMachine) {
    set(2, .poison, m)
    set(3, .poison, m)
  }

  private func flush(
    _ m: ControlledMachine, _ wanted: Stage2Span, olderThan version: UInt64,
    _ right: Stage2Right, _ fault: Stage2Fault
  ) {
    var issued = wanted
    if fault == .leafHintForTable { issued.level = 3 }
    if fault == .shortSpan { issued.pages -= 1 }
    m.rangeFlushBegins(wanted)
    if fault != .noStage2 { dropStage2(m, issued) }
    m.rangeFlushEnds()
    if fault != .noWaitBetween { wait(m) }
    if fault != .noStage1 { dropStage1(m) }
    wait(m)
    m.stage2Flushed(VMSlot(0), wanted, olderThan: version, right)
  }
}
