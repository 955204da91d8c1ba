import Domain
import Machines

/// The order of kvm_riscv_gstage_vmid_update (arch/riscv/kvm/vmid.c, Linux 5.16 to 6.x): number,
/// version, unlock, then the requests.
///
/// Wrong, as far as the source tells: between the version and the request a vCPU of the same VM that
/// is past its update finds the version current and nothing asked for, and enters with the number
/// that its register was loaded with. Nothing kicks it, so it stays in with a number that may be
/// given to another VM. Nobody upstream is known to have said so.
public enum RISCVKVMAsMerged: RISCVKVMRules {
  /// No ordering between the number and the version, as there.
  @inline(__always)
  public static func publishAndUnlock<M: CallingMachine>(
    _ number: UInt64, of version: UInt64, in vm: RISCVKVMVM<M>,
    _ allocator: RISCVKVM<M, Self>, on m: M
  ) {
    m.store(vm.number, number, .relaxed, at: RISCVKVMSites.publishNumber)
    m.store(vm.version, version, .relaxed, at: RISCVKVMSites.publishVersion)
    m.release(allocator.lock, at: RISCVKVMSites.slowUnlock)
    allocator.requestReload(of: vm, on: m)
  }
}
