import Machines

/// H05: the lock is taken with interrupts off. Who holds it waits until all others have answered its
/// call; who waits for it never answers.
enum LockWithoutInterrupts: KVMArmRules {
  static func takeLock<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    _ = m.maskInterrupts()
    m.acquire(allocator.lock, at: KVMArmSites.slowLock)
  }

  static func giveLockBack<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.release(allocator.lock, at: KVMArmSites.slowUnlock)
    m.restoreInterrupts(.enabled)
  }
}
