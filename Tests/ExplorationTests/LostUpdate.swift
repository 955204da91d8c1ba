// The lost update of three pCPUs with 42 steps, as the literature's shrinkers are measured by.

import Domain
import Exploration
import Machines

extension Toys {
  static let shared = Site(2)
  static let done = Site(4)

  /// Each of three pCPUs does 7 steps of its own, adds 1 to a shared word by a load and a store,
  /// does 4 steps of its own, and says that it is done. The last one to say so looks at the sum.
  static func lostUpdate() -> ControlledProgram {
    // Word 0 is shared, word 1 counts those who are done, the others are their own.
    program(
      words: 5,
      (0..<3).map { index -> Body in
        { m, x in
          for value in 0..<7 { m.store(x[2 + index], UInt64(value), .relaxed, at: Site(1)) }
          let value = m.load(x[0], .relaxed, at: shared)
          m.store(x[0], value + 1, .relaxed, at: shared)
          for value in 0..<4 { m.store(x[2 + index], UInt64(value), .relaxed, at: Site(3)) }
          if m.add(x[1], 1, .relaxed, at: done) == 3, m.observe(x[0]) != 3 {
            m.bug("an update is lost", at: done)
          }
        }
      })
  }
}
