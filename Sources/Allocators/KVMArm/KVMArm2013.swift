import Domain
import Machines

/// The version that was merged in 2013 (arch/arm/kvm/arm.c, Linux 3.9) and stayed until 2018.
///
/// Wrong: the generation is published before the number, while neither the first look nor the last
/// one takes the lock. f0cf47d939d0 closes the first of the two windows.
public enum KVMArm2013: KVMArmRules {
  /// The generation first, and nothing in between.
  @inline(__always)
  public static func publish<M: CallingMachine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmVM<M>, on m: M
  ) {
    m.store(vm.generation, generation, .relaxed, at: KVMArmSites.publishGeneration)
    m.store(vm.vttbr, number, .relaxed, at: KVMArmSites.publishVTTBR)
  }
}
