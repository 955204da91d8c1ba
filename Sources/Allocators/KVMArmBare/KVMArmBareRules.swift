// The step of the bare KVM/arm allocator that a fault may replace. The default is the right one, so
// correct code knows nothing of faults.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol KVMArmBareRules: Sendable {
  /// Gives `vm` its number of a generation. The caller holds the lock; readers do not.
  static func publish<M: Machine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmBareVM<M>, on m: M)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension KVMArmBareRules {
  /// The number first: whoever sees the generation believes the number. Release: pairs with the
  /// acquire of `KVMArmBare.needsNumber`.
  @inline(__always)
  public static func publish<M: Machine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmBareVM<M>, on m: M
  ) {
    m.store(vm.number, number, .relaxed, at: KVMArmBareSites.publishNumber)
    m.store(vm.generation, generation, .release, at: KVMArmBareSites.publishGeneration)
  }
}

/// The allocator as it was: nothing replaced.
public enum KVMArmBareAsMerged: KVMArmBareRules {}
