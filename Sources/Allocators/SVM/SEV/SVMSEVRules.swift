// The steps of the allocator for encrypted guests that faults replace. The defaults are the right ones.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol SVMSEVRules: Sendable {
  /// Whether it is worth while to recycle for somebody who needs a number of `range`. The caller holds
  /// the lock.
  static func mayRecycle<M: SecureMachine & DecidingMachine>(
    for range: SEVRange, _ allocator: SVMSEV<M, Self>, on m: M
  ) -> Bool
  /// Takes care that nothing under a dead VM's key is left anywhere. False if that cannot be done.
  static func emptyCaches<M: SecureMachine & DecidingMachine>(
    _ allocator: SVMSEV<M, Self>, on m: M
  ) -> Bool
  /// Whether no guest is deactivated while caches are emptied.
  static var excludesDeactivation: Bool { get }
  /// Whether every pCPU's cache is written back.
  static var writesBackEverywhere: Bool { get }
  /// There is no room for the number in the pCPUs' maps, and it is not taken yet. The caller holds the
  /// lock. Returns the number that the VM has nevertheless.
  static func registrationFailed<M: SecureMachine & DecidingMachine>(
    _ allocator: SVMSEV<M, Self>, on m: M
  ) throws(AllocationError) -> UInt64
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMSEVRules {
  /// If one of them waits for it.
  @inline(__always)
  public static func mayRecycle<M: SecureMachine & DecidingMachine>(
    for range: SEVRange, _ allocator: SVMSEV<M, Self>, on m: M
  ) -> Bool {
    allocator.numbers.anyAside(in: range, on: m)
  }

  @inline(__always)
  public static func emptyCaches<M: SecureMachine & DecidingMachine>(
    _ allocator: SVMSEV<M, Self>, on m: M
  ) -> Bool {
    allocator.emptyCaches(on: m)
  }

  @inline(__always) public static var excludesDeactivation: Bool { true }
  @inline(__always) public static var writesBackEverywhere: Bool { true }

  @inline(__always)
  public static func registrationFailed<M: SecureMachine & DecidingMachine>(
    _ allocator: SVMSEV<M, Self>, on m: M
  ) throws(AllocationError) -> UInt64 {
    m.release(allocator.lock, at: SVMSEVSites.allocUnlock)
    throw .outOfMemory
  }
}

/// As merged, with the step of the rework that may fail.
public enum SVMSEVAsMerged: SVMSEVRules {}
