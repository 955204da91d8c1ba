import Domain
import Machines

/// A rollover that calls only the pCPUs that are in their guests or about to enter them, as
/// kvm_make_all_cpus_request does (virt/kvm/kvm_main.c). No kernel had this allocator so; here the
/// full barrier of the last look is needed, which the others can do without.
public enum KVMArmAsking: KVMArmRules {
  /// See `callThoseInside`.
  @inline(__always)
  public static func throwOut<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    callThoseInside(allocator, on: m)
  }

  /// Asks for everybody's mode after the bump. Whoever is not called has not looked yet, and will
  /// find the new generation.
  @inline(__always)
  static func callThoseInside<M: CallingMachine, Rules>(
    _ allocator: KVMArm<M, Rules>, on m: M
  ) {
    // Pairs with the barrier in `markEntering`: the mark or the bump is seen, or both.
    m.fence(.full, at: KVMArmSites.askBarrier)
    var inside: PCPUSet = []
    for index in 0..<m.pcpuCount where index != m.pcpu.index {
      // Acquire: pairs with the release of `exited`.
      if m.load(allocator.mode[index], .acquire, at: KVMArmSites.askMode) != 0 {
        inside.insert(PCPUSet(PCPU(index)))
      }
    }
    m.call(inside, .leaveGuest, at: KVMArmSites.callOut)
    m.waitForCalls(at: KVMArmSites.callOutWait)
  }
}
