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
  /// The numbers of the free ones.
  let numbers: NumberPool<M>

  /// `count` tables of `tableSize` entries, all free.
  init(_ count: Int, tableSize: Int, in memory: M.Memory) {
    self.tableSize = tableSize
    entries = memory.words(
      count * tableSize, initially: Stage2Entry.poison.bits, .packed, named: "table")
    numbers = NumberPool(
      count,
      .init(
        lock: "table pool", free: "free table", count: "free tables",
        owner: "owner of a table",
        sites: (Stage2Sites.poolLock, Stage2Sites.poolUnlock)), in: memory)
  }

  /// The entries of table `number`.
  @inline(__always)
  func table(_ number: UInt64) -> Bank<M.Word> {
    Bank(
      first: entries[Int(truncatingIfNeeded: number) &* tableSize], stride: 1, count: tableSize)
  }

  /// An empty table for the VM in `slot`; nil if there is none. Its entries are published by whoever links
  /// it.
  func take(for slot: VMSlot, on m: M) -> UInt64? {
    guard let number = numbers.take(for: slot, on: m) else { return nil }
    fill(number, with: .empty, on: m)
    return number
  }

  /// Gives a table of that VM back, to which no software can come any more. What hardware can is its owner's
  /// care.
  func give(_ number: UInt64, of slot: VMSlot, on m: M) {
    fill(number, with: .poison, on: m)
    numbers.give(number, of: slot, on: m)
  }

  private func fill(_ number: UInt64, with entry: Stage2Entry, on m: M) {
    let table = table(number)
    for index in 0..<tableSize {
      m.store(table[index], entry.bits, .relaxed, at: Stage2Sites.clearTable)
    }
  }
}
