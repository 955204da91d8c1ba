// What happens under the lock when a VM's number is of an old generation.

import Domain
import Machines

extension KVMArm {
  /// The slow path of update_vttbr.
  ///
  /// The lock is taken with interrupts as they are, on: its holder may wait until every other pCPU
  /// has answered a call, and who waits for the lock answers while it waits.
  @inline(never)
  func renewUnderLock(_ vm: KVMArmVM<M>, on m: M) -> Entry {
    Rules.takeLock(self, on: m)
    if !Rules.isRenewed(vm, self, on: m) {
      if m.read(nextNumber) == 0 { rollOverLocked(on: m) }
      let number = m.read(nextNumber)
      m.write(nextNumber, following(number))
      let current = m.load(generation, .relaxed, at: KVMArmSites.takenGeneration)
      Rules.publish(number, of: current, in: vm, on: m)
    }
    Rules.giveLockBack(self, on: m)
    return Entry(tag: .undecided, tookFastPath: false)
  }

  /// Starts a new generation. Caller holds the lock.
  ///
  /// The generation goes first: whoever is let in after it has answered the call must find its VM's
  /// generation old. The flush goes last: whoever was in the guest could still fill.
  private func rollOverLocked(on m: M) {
    m.rolloverBegins()
    // Relaxed: the call is an interrupt and orders it.
    _ = m.add(generation, 1, .relaxed, at: KVMArmSites.bumpGeneration)
    Rules.throwOut(self, on: m)
    m.invalidate(.everything, on: .everyPCPU, at: KVMArmSites.rolloverFlush)
    m.waitForInvalidations(at: KVMArmSites.rolloverFlushWait)
    m.write(nextNumber, 1)
    // Nobody has stayed in the guest, so there is nothing to keep.
    m.rolloverEnds { _ in false }
  }

  /// Every pCPU but this one.
  func others(on m: M) -> PCPUSet {
    PCPUSet(first: m.pcpuCount).subtracting(PCPUSet(m.pcpu))
  }

  /// The number behind `number`; 0 behind the last one.
  func following(_ number: UInt64) -> UInt64 { number + 1 == numberLimit ? 0 : number + 1 }
}
