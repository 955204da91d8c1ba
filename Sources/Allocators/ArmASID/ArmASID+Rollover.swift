// Rollover of the ASID allocator: what happens when the numbers run out.

import Domain
import Machines

extension ArmASID {
  /// The bump, then flush_context. Caller holds the lock. Returns the new generation.
  ///
  /// The generation goes first: a fast path that comes after its own slot was scanned must find its
  /// id old. Nothing is flushed here: every pCPU is told to, this one too, and none passes the lock
  /// before it has.
  func rollOverLocked(on m: M) -> UInt64 {
    let next = m.add(generation, firstGeneration, .relaxed, at: ArmASIDSites.bumpGeneration)
    forgetNumbers(on: m)
    collectActive(on: m)
    Rules.orderFlush(self, on: m)
    return next
  }

  /// Forgets who has which number, but for those that are pinned.
  private func forgetNumbers(on m: M) {
    for cell in 0..<numbersInUse.count {
      m.write(numbersInUse[cell], m.read(pinned[cell]))
    }
  }

  /// Takes every possible pCPU's active id and keeps its number.
  ///
  /// An empty slot means that an earlier rollover took the id and the pCPU has not switched since:
  /// it may still run with it, and `reserved` holds the only trace (ae120d9edfe9).
  private func collectActive(on m: M) {
    for pcpu in 0..<active.count {
      var id = Rules.takeActive(active[pcpu], on: m)
      if id == 0 {
        id = Rules.stillReserved(reserved[pcpu], on: m)
        m.note(.reservedFallback)
      }
      mark(Int(number(of: id).number), in: numbersInUse, on: m)
      m.write(reserved[pcpu], id)
    }
  }

  /// Tells every possible pCPU to flush its TLB.
  func markAllToFlush(on m: M) {
    for pcpu in 0..<mustFlush.count { m.write(mustFlush[pcpu], 1) }
  }
}

// MARK: Relatives that flush at once, and mark who has left

extension ArmASID {
  /// Flushes every TLB and waits. Before a number is given out again.
  func flushEverywhere(on m: M) {
    m.invalidate(.everything, on: .everyPCPU, at: ArmASIDSites.rolloverFlush)
    m.waitForInvalidations(at: ArmASIDSites.rolloverFlushWait)
  }

  /// ACTIVE_INVALID: reserves nothing when a rollover finds it, and is not 0, so that the next entry
  /// may take the fast path. It may land on a 0 that a rollover has just put there, which is harmless
  /// only where rollovers flush at once.
  func markLeft(on m: M) {
    if m.observe(active[m.pcpu]) == 0 { m.note(.markerStoredOverZero) }
    m.store(active[m.pcpu], firstGeneration, .relaxed, at: ArmASIDSites.leaveActive)
  }

  /// Every pCPU starts as one that has left.
  func markAllLeft(on m: M) {
    for pcpu in 0..<active.count {
      m.store(active[pcpu], firstGeneration, .relaxed, at: ArmASIDSites.leaveActive)
    }
  }
}
