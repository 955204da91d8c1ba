// A stack of free numbers: of table pages, or of blocks of memory.

import Domain
import Machines

/// Numbers from 0 on that nobody has.
struct NumberPool<M: Machine>: Sendable {
  /// What its parts are called.
  struct Names {
    let lock: StaticString
    let free: StaticString
    let count: StaticString
    let owner: StaticString
    /// Where the lock is taken and given back.
    let sites: (lock: Site, unlock: Site)
  }

  private let sites: (lock: Site, unlock: Site)
  /// Guards all that follows.
  let lock: Lock<M.Word>
  /// The free ones, a stack.
  let free: Bank<M.Cell>
  let freeCount: M.Cell
  /// Whose each number is: its VM's slot + 1; 0 for nobody's. What the kernel would see of a page that is
  /// given back by somebody who does not have it ("bad page state").
  let owners: Bank<M.Cell>

  /// Room for `count` numbers; `fill` puts them there.
  init(_ count: Int, _ names: Names, in memory: M.Memory) {
    sites = names.sites
    lock = memory.lock(named: names.lock)
    free = memory.cells(count, initially: 0, named: names.free)
    freeCount = memory.cell(initially: 0, named: names.count)
    owners = memory.cells(count, initially: 0, named: names.owner)
  }

  /// Puts every number on the stack, before the pCPUs start; the lowest comes out first.
  func fill(on m: M) {
    for place in 0..<free.count { m.write(free[place], UInt64(free.count - 1 - place)) }
    m.write(freeCount, UInt64(free.count))
  }

  /// A number that is the VM's in `slot` from here on; nil if there is none.
  func take(for slot: VMSlot, on m: M) -> UInt64? {
    m.acquire(lock, at: sites.lock)
    defer { m.release(lock, at: sites.unlock) }
    let count = m.read(freeCount)
    if count == 0 { return nil }
    m.write(freeCount, count &- 1)
    let number = m.read(free[Int(count) &- 1])
    m.write(owners[Int(number)], owner(slot))
    return number
  }

  /// `number`, which is that VM's, is nobody's from here on, and the next one's who asks.
  func give(_ number: UInt64, of slot: VMSlot, on m: M) {
    m.acquire(lock, at: sites.lock)
    defer { m.release(lock, at: sites.unlock) }
    if m.read(owners[Int(number)]) != owner(slot) {
      m.bug("memory is given back by a VM that does not have it", at: sites.unlock)
    }
    m.write(owners[Int(number)], 0)
    let count = m.read(freeCount)
    m.write(free[Int(count)], number)
    m.write(freeCount, count &+ 1)
  }

  private func owner(_ slot: VMSlot) -> UInt64 { UInt64(truncatingIfNeeded: slot.index &+ 1) }
}
