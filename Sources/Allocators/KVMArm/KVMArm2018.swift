import Domain
import Machines

/// The version of f0cf47d939d0 (2018): a lock that readers share, so that the first look never falls
/// between the two halves of a publication.
///
/// Wrong: the last look does not take it (fb544d1ca65a). Its writer still publishes the generation
/// first.
public enum KVMArm2018: KVMArmRules {
  /// Under the readers' share of the lock.
  @inline(__always)
  public static func needsNumber<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool {
    m.acquireShared(allocator.lock, at: KVMArmSites.readLock)
    let isOld = allocator.isOld(vm, at: .first, on: m)
    m.releaseShared(allocator.lock, at: KVMArmSites.readUnlock)
    return isOld
  }

  /// As its writer.
  @inline(__always)
  public static func takeLock<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.acquireExclusive(allocator.lock, at: KVMArmSites.writeLock)
  }

  /// See `takeLock`.
  @inline(__always)
  public static func giveLockBack<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.releaseExclusive(allocator.lock, at: KVMArmSites.writeUnlock)
  }

  /// As in 2013.
  @inline(__always)
  public static func publish<M: CallingMachine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmVM<M>, on m: M
  ) {
    KVMArm2013.publish(number, of: generation, in: vm, on: m)
  }
}
