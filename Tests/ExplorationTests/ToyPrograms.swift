// Programs of a few accesses, with known numbers of interleavings and of traces.

import Allocators
import Domain
import Exploration
import Machines

enum Toys {
  typealias Body = @Sendable (ControlledMachine, Bank<ControlledWord>) -> Void

  static func program(
    words: Int, _ bodies: [Body]
  ) -> ControlledProgram {
    let memory = ControlledMemory(pcpuCount: bodies.count)
    let bank = memory.words(words, initially: 0, .packed, named: "x")
    return ControlledProgram(
      memory: memory, bodies: bodies.map { body in ClosureBody { m in body(m, bank) } })
  }

  /// Each of `count` pCPUs writes the same word once.
  static func writers(_ count: Int) -> ControlledProgram {
    program(
      words: 1,
      (0..<count).map { index in
        { m, x in m.store(x[0], UInt64(index + 1), .relaxed, at: Site(1)) }
      })
  }

  /// One writes a word that three read.
  static func readers() -> ControlledProgram {
    program(
      words: 1,
      [{ m, x in m.store(x[0], 1, .relaxed, at: Site(1)) }]
        + (0..<3).map { _ -> Body in { m, x in _ = m.load(x[0], .relaxed, at: Site(2)) } })
  }

  /// Four write four different words.
  static func independent() -> ControlledProgram {
    program(
      words: 4,
      (0..<4).map { index in { m, x in m.store(x[index], 1, .relaxed, at: Site(1)) } })
  }

  /// Each of `count` pCPUs adds 1 by a load and a store.
  static func increments(_ count: Int) -> ControlledProgram {
    program(
      words: 1,
      (0..<count).map { _ in
        { m, x in
          let value = m.load(x[0], .relaxed, at: Site(1))
          m.store(x[0], value + 1, .relaxed, at: Site(2))
        }
      })
  }

  /// pCPU 0 scans a[n], a[n-1], ... until it reads 0; pCPU j does a[j] = a[j-1] + 1.
  static func lastZero(_ n: Int) -> ControlledProgram {
    let scan: Body = { m, a in
      var index = n
      while m.load(a[index], .relaxed, at: Site(1)) != 0 { index -= 1 }
    }
    return program(
      words: n + 1,
      [scan]
        + (1...n).map { j -> Body in
          { m, a in
            let value = m.load(a[j - 1], .relaxed, at: Site(2))
            m.store(a[j], value + 1, .relaxed, at: Site(3))
          }
        })
  }
}
