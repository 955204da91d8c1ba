// What happens under the lock when a VM has no number of the current generation.

import Domain
import Machines

extension Arm64VMID {
  /// new_vmid: gives the VM an id of the current generation. Caller holds the lock.
  ///
  /// In this order: keep the number if it was active during a rollover, keep it if it is still
  /// free, take the next free one, and roll over if there is none.
  func newIDLocked(_ vm: M.Word, on m: M) -> UInt64 {
    let old = m.load(vm, .relaxed, at: Arm64VMIDSites.newID)
    let generation = m.load(generation, .relaxed, at: Arm64VMIDSites.newGeneration)
    if old != 0 {
      let renewed = generation | number(of: old).number
      if Rules.retagReserved(old, as: renewed, self, on: m) || keepNumberLocked(of: old, on: m) {
        m.store(vm, renewed, .relaxed, at: Arm64VMIDSites.renewID)
        return renewed
      }
    }
    let id = freshIDLocked(generation, on: m)
    m.store(vm, id, .relaxed, at: Arm64VMIDSites.freshID)
    return id
  }

  /// check_update_reserved_vmid: whether the VM was active during a rollover. All pCPUs are looked
  /// at: two of them may hold the same id, and one left behind would lose the number at the next
  /// rollover. Caller holds the lock.
  func retagReservedLocked(_ old: UInt64, as renewed: UInt64, on m: M) -> Bool {
    var hits = 0
    for pcpu in 0..<reserved.count where m.read(reserved[pcpu]) == old {
      m.write(reserved[pcpu], renewed)
      hits += 1
    }
    if hits == 1 { m.note(.retagHitOnePCPU) }
    if hits > 1 { m.note(.retagHitMorePCPUs) }
    return hits > 0
  }

  /// Takes the VM's old number if nobody has it in this generation. Caller holds the lock.
  func keepNumberLocked(of old: UInt64, on m: M) -> Bool {
    let isFree = !isInUse(Int(number(of: old).number), on: m)
    if isFree {
      markInUse(Int(number(of: old).number), on: m)
      m.note(.oldNumberStillFree)
    }
    return isFree
  }

  /// Takes the next free number, after a rollover if need be. Caller holds the lock.
  func freshIDLocked(_ current: UInt64, on m: M) -> UInt64 {
    var generation = current
    var number = nextFree(from: Int(m.read(nextNumber)), on: m)
    if number == nil {
      m.rolloverBegins()
      generation = Rules.rollOver(self, on: m)
      m.rolloverEnds { isInUse(Int($0.number), on: m) }
      number = nextFree(from: Rules.firstNumber, on: m)
    }
    guard let number else {
      // More numbers than pCPUs: cannot happen, says the kernel, and goes on with a wrong one.
      m.bug("no free number after a rollover", at: Arm64VMIDSites.noFreeNumber)
    }
    markInUse(number, on: m)
    m.write(nextNumber, UInt64(number))
    return UInt64(number) | generation
  }

  // MARK: The bitmap. Guarded by the lock.

  func isInUse(_ number: Int, on m: M) -> Bool {
    m.read(numbersInUse[number / 64]) & 1 << UInt64(number % 64) != 0
  }

  func markInUse(_ number: Int, on m: M) {
    let cell = numbersInUse[number / 64]
    m.write(cell, m.read(cell) | 1 << UInt64(number % 64))
  }

  /// find_next_zero_bit: the first free number from `start` on; nil if there is none.
  func nextFree(from start: Int, on m: M) -> Int? {
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
