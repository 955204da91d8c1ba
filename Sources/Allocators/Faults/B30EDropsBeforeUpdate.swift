import Machines

/// B30E: what another vCPU has left is dropped under the VM's id as it was before the update, as up
/// to fa808ed4e199. Equivalent: only a rollover makes that id another one, and a rollover has dropped
/// everything itself. Whatever stands under the new number was filled since, by a pCPU that found it in
/// the VM's id. It must never be reported.
enum DropsBeforeUpdate: Arm64VMIDAtLoadRules {
  @inline(__always)
  static func load<M: Machine>(
    _ vcpu: UInt64, _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {
    allocator.dropOtherVCPUs(than: vcpu, vm, on: m)
    allocator.update(vm, on: m)
    allocator.loadStage2(vm, on: m)
  }
}
