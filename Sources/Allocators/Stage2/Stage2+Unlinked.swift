// Tables that a fault has taken out. Other faults may still look into them; nobody can once the lock is
// held by a writer. The kernel frees them after a grace period of RCU (stage2_free_unlinked_table).

import Domain
import Machines

extension Stage2 {
  /// Whether one more may be taken out now. Others may take the last place meanwhile: `plan` has one for
  /// each pCPU to spare.
  func hasRoomForUnlinked(_ vm: VM, on m: M) -> Bool {
    m.acquire(vm.unlinkedLock, at: Stage2Sites.unlinkedLock)
    let count = Int(m.read(vm.unlinkedCount))
    m.release(vm.unlinkedLock, at: Stage2Sites.unlinkedUnlock)
    return count + m.pcpuCount < vm.unlinked.count
  }

  /// Keeps the table that `entry`, of `level`, named.
  func unlink(_ entry: Stage2Entry, _ level: Int, _ vm: VM, on m: M) {
    m.acquire(vm.unlinkedLock, at: Stage2Sites.unlinkedLock)
    let count = m.read(vm.unlinkedCount)
    m.write(vm.unlinked[Int(count)], entry.number &<< 2 | UInt64(level))
    m.write(vm.unlinkedCount, count &+ 1)
    m.release(vm.unlinkedLock, at: Stage2Sites.unlinkedUnlock)
  }

  /// Frees all of them.
  func freeUnlinked(_ vm: VM, on m: M) {
    m.acquireExclusive(vm.lock, at: Stage2Sites.freeLock)
    freeUnlinkedLocked(vm, on: m)
    m.releaseExclusive(vm.lock, at: Stage2Sites.freeUnlock)
  }

  /// The same. The caller is alone with the tables.
  func freeUnlinkedLocked(_ vm: VM, on m: M) {
    var count = Int(m.read(vm.unlinkedCount))
    while count > 0 {
      count -= 1
      let table = m.read(vm.unlinked[count])
      freeTree(table &>> 2, below: Int(table & 3), vm, on: m)
    }
    m.write(vm.unlinkedCount, 0)
  }

  private func freeTree(_ number: UInt64, below level: Int, _ vm: VM, on m: M) {
    if level < 2 {
      let table = pool.table(number)
      for index in 0..<table.count {
        let entry = Stage2Entry(bits: m.load(table[index], .relaxed, at: Stage2Sites.freeEntry))
        if entry.isTable { freeTree(entry.number, below: level + 1, vm, on: m) }
      }
    }
    pool.give(number, of: vm.slot, on: m)
  }
}
