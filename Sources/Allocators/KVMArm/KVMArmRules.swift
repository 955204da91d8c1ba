// The steps of KVM's allocator on arm before 2021 that differ between its versions, or that a fault
// may replace. The defaults are the right ones, so correct code knows nothing of faults.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol KVMArmRules: Sendable {
  /// The first look, on the way to the guest: whether the VM needs a number.
  static func needsNumber<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool
  /// Takes the lock under which numbers are given.
  static func takeLock<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M)
  /// Gives it back.
  static func giveLockBack<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M)
  /// Whether another vCPU of the VM came first and got a number for it. Caller holds the lock.
  static func isRenewed<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool
  /// Gets every other pCPU out of its guest, in a rollover, after the generation was bumped.
  static func throwOut<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M)
  /// Gives `vm` its number of a generation. The caller holds the lock; readers may not.
  static func publish<M: CallingMachine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmVM<M>, on m: M)
  /// Says that this pCPU is about to enter its guest, interrupts off.
  static func markEntering<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M)
  /// The last look, after that: whether the VM's number is still of this generation.
  static func isStillCurrent<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension KVMArmRules {
  /// Without the lock.
  @inline(__always)
  public static func needsNumber<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool {
    allocator.isOld(vm, at: .first, on: m)
  }

  @inline(__always)
  public static func takeLock<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.acquire(allocator.lock, at: KVMArmSites.slowLock)
  }

  @inline(__always)
  public static func giveLockBack<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.release(allocator.lock, at: KVMArmSites.slowUnlock)
  }

  @inline(__always)
  public static func isRenewed<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool {
    !allocator.isOld(vm, at: .slow, on: m)
  }

  /// force_vm_exit: a call that asks for nothing but to come, of everybody, and a wait for all.
  @inline(__always)
  public static func throwOut<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.call(allocator.others(on: m), .leaveGuest, at: KVMArmSites.callOut)
    m.waitForCalls(at: KVMArmSites.callOutWait)
  }

  /// The number first: whoever sees the generation believes the number. The barrier pairs with that
  /// of `KVMArm.isOld`.
  @inline(__always)
  public static func publish<M: CallingMachine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmVM<M>, on m: M
  ) {
    m.store(vm.vttbr, number, .relaxed, at: KVMArmSites.publishVTTBR)
    m.fence(.storeStore, at: KVMArmSites.publishBarrier)
    m.store(vm.generation, generation, .relaxed, at: KVMArmSites.publishGeneration)
  }

  /// smp_store_mb: pairs with the barrier between a change and the question who is in the guest.
  @inline(__always)
  public static func markEntering<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.store(allocator.mode[m.pcpu], 1, .relaxed, at: KVMArmSites.markEntering)
    m.fence(.full, at: KVMArmSites.enteringBarrier)
  }

  /// Without the lock.
  @inline(__always)
  public static func isStillCurrent<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool {
    !allocator.isOld(vm, at: .last, on: m)
  }
}

/// As of fb544d1ca65a (2018): nothing replaced.
public enum KVMArmLockless: KVMArmRules {}
