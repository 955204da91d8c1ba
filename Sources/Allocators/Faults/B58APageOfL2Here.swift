import Machines

/// B58A: L1 invalidates a page of its guest, and the right context loses it, but on the pCPU where L1 is.
/// The guest ran elsewhere last and goes on there.
enum PageOfL2Here: SVMNestedRules {
  static func invalidateInL2<M: CallingMachine>(
    _ page: UInt64, of vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    allocator.dropHere(page, of: vcpu.vmcb02, on: m)
  }
}
