import Machines

/// B30S: what another vCPU has left is dropped before the VM's number is in the register. The
/// invalidation takes the number that is there: that of whoever was loaded last.
enum DropsUnderOldRegister: Arm64VMIDAtLoadRules {
  @inline(__always)
  static func load<M: Machine>(
    _ vcpu: UInt64, _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {
    if allocator.ranLast(insteadOf: vcpu, vm, on: m) {
      let id = m.read(allocator.register(on: m))
      allocator.dropFromThisPCPU(allocator.ids.number(of: id), on: m)
    }
    allocator.update(vm, on: m)
    allocator.loadStage2(vm, on: m)
  }
}
