// A bitmap of numbers, as Xen's allocators for a whole machine keep it.

import Machines

/// Numbers from 0 on, 64 a cell. Its owner's lock guards it.
struct NumberMap<M: Machine>: Sendable {
  private let cells: Bank<M.Cell>

  /// None in it, with room for 0 ... `highest`.
  init(highest: Int, named name: StaticString, in memory: M.Memory) {
    cells = memory.cells(highest / 64 + 1, initially: 0, named: name)
  }

  /// Puts `number` in.
  func insert(_ number: UInt64, on m: M) {
    let cell = cells[Int(number / 64)]
    m.write(cell, m.read(cell) | 1 << (number % 64))
  }

  /// Takes `number` out and says whether it was in.
  @discardableResult
  func remove(_ number: UInt64, on m: M) -> Bool {
    let cell = cells[Int(number / 64)]
    let before = m.read(cell)
    m.write(cell, before & ~(1 << (number % 64)))
    return before & 1 << (number % 64) != 0
  }

  /// The lowest of 1 ... `highest` that is not in; nil if all are.
  func firstMissing(upTo highest: Int, on m: M) -> UInt64? {
    for index in 0..<cells.count {
      // 0 counts as taken: it is nobody's.
      let taken = m.read(cells[index]) | (index == 0 ? 1 : 0)
      if taken == .max { continue }
      let number = index * 64 + (~taken).trailingZeroBitCount
      return number <= highest ? UInt64(number) : nil
    }
    return nil
  }
}
