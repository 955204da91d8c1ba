// Programs whose tables have levels, small enough for every order.

import Domain
import Exploration
import Machines

enum Stage2Programs {
  private static let page = Stage2World.span

  static let all: [String: @Sendable () -> ControlledProgram] = [
    "walks beside changes of each level": {
      Stage2World.program([
        { w, m in w.run(m, [0, 2]) },
        { w, m in
          w.set(2, .empty, m)
          w.set(0, .empty, m)
          w.set(w.roots[0][0], .empty, m)
        },
      ])
    },
    "a walk through a table that is freed": {
      Stage2World.program([
        { w, m in w.run(m, [0, 1]) },
        { w, m in
          w.set(0, .empty, m)
          w.set(3, .poison, m)
        },
      ])
    },
    "stage 1 that overtakes stage 2": {
      Stage2World.program(
        pages: 1,
        [
          { w, m in w.run(m, [0]) },
          { w, m in
            w.dropStage2(m, page)
            w.dropStage1(m)
            w.wait(m)
          },
        ])
    },
    "a change, its flush and what it promises": {
      Stage2World.program(
        pages: 1,
        [
          { w, m in w.run(m, [0, 0]) },
          { w, m in
            w.set(2, .empty, m)
            w.dropStage2(m, page)
            w.wait(m)
            m.stage2Flushed(VMSlot(0), page, olderThan: 2, .use)
          },
        ])
    },
    "a right to write that goes": {
      Stage2World.program(
        pages: 1,
        [
          { w, m in w.run(m, [0, 0], writes: true) },
          { w, m in
            w.set(2, Stage2World.leaf(0, version: 2, isWritable: false), m)
            m.stage2Flushed(VMSlot(0), page, olderThan: 2, .write)
          },
        ])
    },
    "unasked fills beside a change": {
      Stage2World.program(
        pages: 1, fills: true,
        [
          { w, m in w.run(m, []) },
          { w, m in
            w.set(2, .empty, m)
            w.dropStage2(m, page)
            w.wait(m)
          },
        ])
    },
    "two threads that share a TLB": {
      Stage2World.program(
        pages: 2, threadsPerCore: 2,
        [
          { w, m in w.run(m, [0]) },
          { w, m in
            w.dropStage2(m, page)
            w.run(m, [1])
          },
        ])
    },
    "two VMs under one tag": {
      Stage2World.program(
        pages: 1, oracles: [.o3, .o9],
        [
          { w, m in
            w.run(m, [0])
            w.enter(m, vm: 1)
            w.touch(m, 0)
            m.clearContext(at: Site(4))
          },
          { w, m in
            w.dropStage1(m)
            w.wait(m)
          },
        ])
    },
  ]

  /// Its second pCPU may end before its invalidation arrives.
  static let beyondDPOR: Set<String> = ["two threads that share a TLB"]
}
