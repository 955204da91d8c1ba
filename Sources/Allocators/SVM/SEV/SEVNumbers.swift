// The numbers of encrypted guests: which are used, and which of these only wait to be recycled.

import Machines

/// The numbers of one class.
public struct SEVRange: Sendable, Equatable {
  let first: UInt64
  let last: UInt64
}

/// Two bitmaps, 64 numbers a cell (sev_asid_bitmap, sev_reclaim_asid_bitmap). Their owner's lock guards
/// them.
struct SEVNumbers<M: Machine>: Sendable {
  /// Those that VMs have, and those that were put aside.
  private let used: Bank<M.Cell>
  private let aside: Bank<M.Cell>

  init(highest: Int, in memory: M.Memory) {
    used = memory.cells(highest / 64 + 1, initially: 0, named: "used")
    aside = memory.cells(highest / 64 + 1, initially: 0, named: "put aside")
  }

  /// The lowest number of `range` that is not used; 0 if all are.
  func lowestFree(in range: SEVRange, on m: M) -> UInt64 {
    for cell in 0..<used.count {
      let free = ~m.read(used[cell]) & Self.bits(of: range, in: cell)
      if free != 0 { return UInt64(cell * 64 + free.trailingZeroBitCount) }
    }
    return 0
  }

  /// Whether a number of `range` was put aside.
  func anyAside(in range: SEVRange, on m: M) -> Bool {
    (0..<aside.count).contains { m.read(aside[$0]) & Self.bits(of: range, in: $0) != 0 }
  }

  /// A VM gets `number`.
  func take(_ number: UInt64, on m: M) { insert(number, in: used, on: m) }

  /// The VM that had `number` is dead. It stays used.
  func putAside(_ number: UInt64, on m: M) { insert(number, in: aside, on: m) }

  /// All that were put aside are free, in every class.
  func recycle(on m: M) {
    for cell in 0..<used.count {
      m.write(used[cell], m.read(used[cell]) ^ m.read(aside[cell]))
      m.write(aside[cell], 0)
    }
  }

  private func insert(_ number: UInt64, in bank: Bank<M.Cell>, on m: M) {
    let cell = bank[Int(number / 64)]
    m.write(cell, m.read(cell) | 1 << (number % 64))
  }

  /// The numbers of `range` in cell `cell`.
  private static func bits(of range: SEVRange, in cell: Int) -> UInt64 {
    let low = UInt64(cell * 64)
    let first = max(range.first, low)
    let last = min(range.last, low + 63)
    if first > last { return 0 }
    return (.max << (first - low)) & (.max >> (63 - (last - low)))
  }
}
