// What happens under the lock when a VM's number is of an old generation.

import Domain
import Machines

extension KVMArmBare {
  /// The slow path of update_vttbr.
  ///
  /// The lock is taken with interrupts as they are, on: its holder waits until every other pCPU
  /// has answered an interrupt. Who waits for the lock has no mark set, so nobody waits for it.
  @inline(never)
  func renewUnderLock(_ vm: KVMArmBareVM<M>, on m: M) -> Entry {
    m.acquire(lock, at: KVMArmBareSites.slowLock)
    var current = m.load(generation, .relaxed, at: KVMArmBareSites.slowGeneration)
    // Another vCPU of this VM may have come first.
    let renewed = m.load(vm.generation, .relaxed, at: KVMArmBareSites.slowVMGeneration) == current
    if !renewed {
      if m.read(nextNumber) == 0 { current = rollOverLocked(on: m) }
      let number = m.read(nextNumber)
      m.write(nextNumber, following(number))
      Rules.publish(number, of: current, in: vm, on: m)
    }
    m.release(lock, at: KVMArmBareSites.slowUnlock)
    return Entry(tag: .undecided, tookFastPath: false)
  }

  /// Starts a new generation and returns it. Caller holds the lock.
  ///
  /// The generation goes first: whoever is let in after its mark was looked at must find its VM's
  /// generation old. The flush goes last: whoever was in the guest could still fill.
  private func rollOverLocked(on m: M) -> UInt64 {
    m.rolloverBegins()
    // Fully ordered, as the interrupt makes it: the bump comes before the looks at the marks.
    let next = m.add(generation, 1, .fullyOrdered, at: KVMArmBareSites.bumpGeneration)
    for pcpu in 0..<entering.count where pcpu != m.pcpu.index {
      // Acquire: pairs with the release of `exited`. Once is enough, whatever comes after.
      _ = m.wait(for: entering[pcpu], until: .equals(0), .acquire, at: KVMArmBareSites.throwOut)
    }
    m.invalidate(.everything, on: .everyPCPU, at: KVMArmBareSites.rolloverFlush)
    m.waitForInvalidations(at: KVMArmBareSites.rolloverFlushWait)
    m.write(nextNumber, 1)
    // Nobody has stayed in the guest, so there is nothing to keep.
    m.rolloverEnds { _ in false }
    return next
  }

  /// The number behind `number`; 0 behind the last one.
  func following(_ number: UInt64) -> UInt64 { number + 1 == numberLimit ? 0 : number + 1 }
}
