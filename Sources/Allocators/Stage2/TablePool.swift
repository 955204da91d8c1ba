// The memory that stage-2 tables are made of, shared by all VMs.

import Domain
import Machines

/// Table pages. One that is given back may be anybody's at once; so that a walk which still comes to
/// it is seen, it is filled with entries that are nobody's.
struct TablePool<M: Machine>: Sendable {
  /// Entries of a table.
  let tableSize: Int
  /// All tables' entries: those of table n from n * `tableSize` on.
  let entries: Bank<M.Word>
  /// Guards `free` and `freeCount`.
  let lock: Lock<M.Word>
  /// The numbers of the free ones, a stack.
  let free: Bank<M.Cell>
  let freeCount: M.Cell

  /// `count` tables of `tableSize` entries, all free.
  init(_ count: Int, tableSize: Int, in memory: M.Memory) {
    self.tableSize = tableSize
    entries = memory.words(
      count * tableSize, initially: Stage2Entry.poison.bits, .packed, named: "table")
    lock = memory.lock(named: "table pool lock")
    free = memory.cells(count, initially: 0, named: "free table")
    freeCount = memory.cell(initially: 0, named: "free tables")
  }

  /// Puts every table on the stack, before the pCPUs start; the lowest number comes out first.
  func fill(on m: M) {
    for place in 0..<free.count { m.write(free[place], UInt64(free.count - 1 - place)) }
    m.write(freeCount, UInt64(free.count))
  }

  /// The entries of table `number`.
  @inline(__always)
  func table(_ number: UInt64) -> Bank<M.Word> {
    Bank(
      first: entries[Int(truncatingIfNeeded: number) &* tableSize], stride: 1, count: tableSize)
  }

  /// An empty table; nil if there is none. Its entries are published by whoever links it.
  func take(on m: M) -> UInt64? {
    m.acquire(lock, at: Stage2Sites.poolLock)
    let count = m.read(freeCount)
    if count > 0 { m.write(freeCount, count &- 1) }
    let number = count > 0 ? m.read(free[Int(count) &- 1]) : nil
    m.release(lock, at: Stage2Sites.poolUnlock)
    guard let number else { return nil }
    fill(number, with: .empty, on: m)
    return number
  }

  /// Gives a table back that no software can come to any more. What hardware can is its owner's care.
  func give(_ number: UInt64, on m: M) {
    fill(number, with: .poison, on: m)
    m.acquire(lock, at: Stage2Sites.poolLock)
    let count = m.read(freeCount)
    m.write(free[Int(count)], number)
    m.write(freeCount, count &+ 1)
    m.release(lock, at: Stage2Sites.poolUnlock)
  }

  private func fill(_ number: UInt64, with entry: Stage2Entry, on m: M) {
    let table = table(number)
    for index in 0..<tableSize {
      m.store(table[index], entry.bits, .relaxed, at: Stage2Sites.clearTable)
    }
  }
}
