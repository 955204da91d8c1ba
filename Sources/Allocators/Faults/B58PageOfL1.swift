import Machines

/// B58: L1 invalidates a page of its guest, and loses the page of its own.
enum PageOfL1: SVMNestedRules {
  static func invalidateInL2<M: CallingMachine>(
    _ page: UInt64, of vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    allocator.drop(page, of: vcpu.vmcb01, on: m)
  }
}
