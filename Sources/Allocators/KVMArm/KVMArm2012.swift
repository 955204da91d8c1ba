import Domain
import Machines

/// The version of November 2012, under discussion on linux-arm-kernel ("[PATCH v4 08/14] KVM: ARM:
/// World-switch implementation", Will Deacon, 30 Nov 2012).
///
/// Wrong: who comes second to the lock takes another number for a VM that has just got one. A
/// rollover has every pCPU reset its context (on_each_cpu, which waits), which flushes there too.
///
/// The last look is that of the later versions: the thread does not question it.
public enum KVMArm2012: KVMArmRules {
  /// No second look under the lock.
  @inline(__always)
  public static func isRenewed<M: CallingMachine>(
    _ vm: KVMArmVM<M>, _ allocator: KVMArm<M, Self>, on m: M
  ) -> Bool { false }

  /// on_each_cpu(reset_vm_context): the others; this pCPU's own reset is the rollover's flush.
  @inline(__always)
  public static func throwOut<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.call(allocator.others(on: m), .flushEverything, at: KVMArmSites.callOut)
    m.waitForCalls(at: KVMArmSites.callOutWait)
  }
}
