import Machines

/// H02: the lock is taken without acquire. On x86 the instruction is the same and nothing goes
/// wrong; by the memory model what the lock guards is a data race.
enum LockWithoutAcquire: Arm64VMIDRules {
  @inline(__always)
  static func takeLock<M: Machine>(_ lock: Lock<M.Word>, on m: M) {
    let holder = UInt64(m.pcpu.index + 1)
    while m.compareExchange(
      lock.word, expected: 0, desired: holder, .relaxed, failure: .relaxed,
      at: Arm64VMIDSites.slowLock) != 0
    {
      _ = m.wait(for: lock.word, until: .equals(0), .relaxed, at: Arm64VMIDSites.slowLock)
    }
  }
}
