// The steps of KVM's allocator on RISC-V that differ between its versions, or that a fault may
// replace. The defaults are the right ones, so correct code knows nothing of faults.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol RISCVKVMRules: Sendable {
  /// Flushes every TLB in a rollover, after the version was bumped; no guest that ran before is
  /// still in when it returns.
  static func flushEverywhere<M: CallingMachine>(_ allocator: RISCVKVM<M, Self>, on m: M)
  /// Gives `vm` its number of a version, sees to it that no vCPU enters with another one, and gives
  /// the lock back.
  static func publishAndUnlock<M: CallingMachine>(
    _ number: UInt64, of version: UInt64, in vm: RISCVKVMVM<M>,
    _ allocator: RISCVKVM<M, Self>, on m: M)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RISCVKVMRules {
  /// on_each_cpu_mask: the others are called, this one flushes, then it waits.
  @inline(__always)
  public static func flushEverywhere<M: CallingMachine>(
    _ allocator: RISCVKVM<M, Self>, on m: M
  ) {
    m.call(
      PCPUSet(first: m.pcpuCount).subtracting(PCPUSet(m.pcpu)), .flushEverything,
      at: RISCVKVMSites.callFlush)
    m.invalidate(.everything, on: .thisPCPU, at: RISCVKVMSites.localFlush)
    m.waitForCalls(at: RISCVKVMSites.callFlushWait)
  }

  /// The number, the requests, the version. A vCPU that finds the version current finds its request,
  /// too, or has written its register since.
  @inline(__always)
  public static func publishAndUnlock<M: CallingMachine>(
    _ number: UInt64, of version: UInt64, in vm: RISCVKVMVM<M>,
    _ allocator: RISCVKVM<M, Self>, on m: M
  ) {
    m.store(vm.number, number, .relaxed, at: RISCVKVMSites.publishNumber)
    allocator.requestReload(of: vm, on: m)
    // Release: pairs with the acquire of `isOld`.
    m.store(vm.version, version, .release, at: RISCVKVMSites.publishVersion)
    m.release(allocator.lock, at: RISCVKVMSites.slowUnlock)
  }
}

/// The requests are made before the version is published: nothing replaced. The kernel makes them
/// afterwards; see `RISCVKVMAsMerged`.
public enum RISCVKVMRequestFirst: RISCVKVMRules {}
