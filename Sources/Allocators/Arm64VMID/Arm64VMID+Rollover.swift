// Rollover of the arm64 VMID allocator: what happens when the numbers run out.

import Domain
import Machines

extension Arm64VMID {
  /// The steps of a rollover in the kernel's order. Caller holds the lock.
  ///
  /// The generation goes first: a fast path that comes after its own slot was scanned must find
  /// its id old. The flush goes last, and is complete before a number is given out again.
  func rollOverLocked(on m: M) -> UInt64 {
    let next = bumpGeneration(on: m)
    forgetNumbers(on: m)
    collectActive(on: m)
    Rules.flushEverything(self, on: m)
    return next
  }

  /// Starts a new generation and returns it.
  func bumpGeneration(on m: M) -> UInt64 {
    m.add(generation, firstGeneration, .relaxed, at: Arm64VMIDSites.bumpGeneration)
  }

  /// Forgets who has which number.
  func forgetNumbers(on m: M) {
    for cell in 0..<numbersInUse.count { m.write(numbersInUse[cell], 0) }
  }

  /// flush_context: takes every possible pCPU's active id and keeps its number.
  ///
  /// An empty slot means that an earlier rollover took the id and the pCPU has not come by since:
  /// it may still be in the guest with it, and `reserved` holds the only trace.
  func collectActive(on m: M) {
    for pcpu in 0..<active.count { collectActive(of: pcpu, on: m) }
  }

  func collectActive(of pcpu: Int, on m: M) {
    var id = Rules.takeActive(active[pcpu], on: m)
    if id == 0 {
      id = Rules.stillReserved(reserved[pcpu], on: m)
      m.note(.reservedFallback)
    }
    Rules.keepTaken(Int(number(of: id).number), self, on: m)
    m.write(reserved[pcpu], id)
  }
}
