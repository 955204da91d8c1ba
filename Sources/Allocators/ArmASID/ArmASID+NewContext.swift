// What happens under the lock when a process has no number of the current generation.

import Domain
import Machines

/// Why new_context returned the id that it did.
public enum NewIDOrigin: Sendable {
  /// The process was active on some pCPU during a rollover.
  case reserved
  /// Somebody has pinned its number.
  case pinned
  /// Nobody has taken its old number in this generation.
  case stillFree
  /// It got the next free number.
  case fresh
}

extension ArmASID {
  /// Gives the process an id of the current generation and stores it. Caller holds the lock.
  func renewLocked(_ vm: ArmASIDContext<M>, on m: M) -> UInt64 {
    let (id, origin) = newIDLocked(vm, on: m)
    Rules.keepID(id, origin, vm, on: m)
    return id
  }

  /// new_context: in this order, keep the number if it was active during a rollover, if it is
  /// pinned, if it is still free; else take the next free one. A pinned one, too, has to be looked
  /// for among the reserved first: their ids must become those of this generation. Caller holds the
  /// lock.
  private func newIDLocked(_ vm: ArmASIDContext<M>, on m: M) -> (UInt64, NewIDOrigin) {
    let old = m.load(vm.id, .relaxed, at: ArmASIDSites.newID)
    let generation = m.load(generation, .relaxed, at: ArmASIDSites.newGeneration)
    if old != 0 {
      let number = Int(number(of: old).number)
      let renewed = generation | UInt64(number)
      if retagReservedLocked(old, as: renewed, on: m) { return (renewed, .reserved) }
      if m.read(vm.pins) != 0 { return (renewed, .pinned) }
      if !isMarked(number, in: numbersInUse, on: m) {
        mark(number, in: numbersInUse, on: m)
        m.note(.oldNumberStillFree)
        return (renewed, .stillFree)
      }
    }
    return (freshIDLocked(generation, on: m), .fresh)
  }

  /// check_update_reserved_asid: whether the process was active during a rollover. All pCPUs are
  /// looked at: two of them may hold the same id, and one left behind would lose the number at the
  /// next rollover. Caller holds the lock.
  private func retagReservedLocked(_ old: UInt64, as renewed: UInt64, on m: M) -> Bool {
    var hits = 0
    for pcpu in 0..<reserved.count where m.read(reserved[pcpu]) == old {
      m.write(reserved[pcpu], renewed)
      hits += 1
    }
    if hits == 1 { m.note(.retagHitOnePCPU) }
    if hits > 1 { m.note(.retagHitMorePCPUs) }
    return hits > 0
  }

  /// Takes the next free number, after a rollover if need be. Caller holds the lock.
  private func freshIDLocked(_ current: UInt64, on m: M) -> UInt64 {
    var generation = current
    var number = nextFree(from: Int(m.read(nextNumber)), on: m)
    if number == nil {
      m.rolloverBegins()
      generation = rollOverLocked(on: m)
      m.rolloverEnds { isMarked(Int($0.number), in: numbersInUse, on: m) }
      number = nextFree(from: 1, on: m)
    }
    guard let number else {
      // More numbers than pCPUs and pins together: cannot happen, says the kernel, and goes on with
      // a wrong one.
      m.bug("no free number after a rollover", at: ArmASIDSites.noFreeNumber)
    }
    mark(number, in: numbersInUse, on: m)
    m.write(nextNumber, UInt64(number))
    return UInt64(number) | generation
  }

  // MARK: Bitmaps. Guarded by the lock.

  func isMarked(_ number: Int, in bitmap: Bank<M.Cell>, on m: M) -> Bool {
    m.read(bitmap[number / 64]) & 1 << UInt64(number % 64) != 0
  }

  func mark(_ number: Int, in bitmap: Bank<M.Cell>, on m: M) {
    m.write(bitmap[number / 64], m.read(bitmap[number / 64]) | 1 << UInt64(number % 64))
  }

  func unmark(_ number: Int, in bitmap: Bank<M.Cell>, on m: M) {
    m.write(bitmap[number / 64], m.read(bitmap[number / 64]) & ~(1 << UInt64(number % 64)))
  }

  /// find_next_zero_bit: the first free number from `start` on; nil if there is none.
  private func nextFree(from start: Int, on m: M) -> Int? {
    var number = start
    while number < numberLimit {
      let free = ~m.read(numbersInUse[number / 64]) >> UInt64(number % 64)
      if free != 0 {
        number += free.trailingZeroBitCount
        return number < numberLimit ? number : nil
      }
      number = (number / 64 + 1) * 64
    }
    return nil
  }
}
