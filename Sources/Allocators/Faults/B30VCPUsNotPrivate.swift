import Machines

/// B30: a vCPU that follows another one of its VM on a pCPU drops nothing of what that one has left.
enum VCPUsNotPrivate: Arm64VMIDAtLoadRules {
  @inline(__always)
  static func load<M: Machine>(
    _ vcpu: UInt64, _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {
    allocator.update(vm, on: m)
    allocator.loadStage2(vm, on: m)
  }
}
