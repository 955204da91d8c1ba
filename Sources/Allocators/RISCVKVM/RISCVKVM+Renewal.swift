// What happens under the lock when a VM's number is of an old version.

import Domain
import Machines

extension RISCVKVM {
  /// kvm_riscv_gstage_vmid_update. The lock is held with interrupts on: its holder may wait until
  /// every other pCPU has answered a call.
  @inline(never)
  func renewUnderLock(_ vm: RISCVKVMVM<M>, on m: M) {
    m.acquire(lock, at: RISCVKVMSites.slowLock)
    // Another vCPU of this VM may have come first.
    guard isOld(vm, at: RISCVKVMSites.slowVMVersion, RISCVKVMSites.slowVersion, on: m) else {
      return m.release(lock, at: RISCVKVMSites.slowUnlock)
    }
    if m.read(nextNumber) == 0 { rollOverLocked(on: m) }
    let number = m.read(nextNumber)
    m.write(nextNumber, following(number))
    let current = m.load(version, .relaxed, at: RISCVKVMSites.takenVersion)
    Rules.publishAndUnlock(number, of: current, in: vm, self, on: m)
  }

  /// Starts a new version. Caller holds the lock.
  ///
  /// The version goes first: whoever is let in after it has answered must find its VM's version old.
  private func rollOverLocked(on m: M) {
    m.note(.rollovers)
    let next = m.load(version, .relaxed, at: RISCVKVMSites.oldVersion) + 1
    m.store(version, next, .relaxed, at: RISCVKVMSites.bumpVersion)
    Rules.flushEverywhere(self, on: m)
    m.write(nextNumber, 1)
  }

  /// Asks all vCPUs of the VM to write their registers. Release: who sees the request sees the
  /// number. Nobody is kicked.
  func requestReload(of vm: RISCVKVMVM<M>, on m: M) {
    for vcpu in 0..<vm.requests.count {
      _ = m.or(vm.requests[vcpu], 1, .release, at: RISCVKVMSites.makeRequest)
    }
  }

  /// The number behind `number`; 0 behind the last one.
  func following(_ number: UInt64) -> UInt64 { number + 1 == numberLimit ? 0 : number + 1 }
}
