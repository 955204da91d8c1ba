// From L1 to its guest and back, and what L1 flushes by itself.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMNested {
  /// enter_svm_guest_mode. What L1 wants flushed is a request for the context that is current when all of
  /// this is done.
  public func enterNested(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, virtualASID: UInt64, control: TLBControl,
    on m: M
  ) {
    if m.read(vcpu.vmcb02.asid) == 0 {
      m.write(vcpu.vmcb02.asid, Rules.nestedASID(of: vm, self, on: m))
    }
    switchContext(of: vcpu, of: vm, toL2: true, on: m)
    let isOther = Rules.isOther(virtualASID, than: m.read(vcpu.lastVirtualASID))
    m.write(vcpu.lastVirtualASID, virtualASID)
    if isOther || control != .nothing { m.write(vcpu.flushesCurrent, 1) }
    if control == .everything && Rules.everythingIncludesL1 {
      m.write(vcpu.flushesL1AtExit, 1)
    }
  }

  /// nested_svm_vmexit.
  public func exitNested(_ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M) {
    switchContext(of: vcpu, of: vm, toL2: false, on: m)
    guard m.read(vcpu.flushesL1AtExit) != 0 else { return }
    m.write(vcpu.flushesL1AtExit, 0)
    m.write(vcpu.flushesCurrent, 1)
  }

  /// svm_switch_vmcb.
  private func switchContext(
    of vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, toL2: Bool, on m: M
  ) {
    Rules.beforeSwitch(vcpu, self, on: m)
    m.write(vcpu.isInL2, toL2 ? 1 : 0)
    Rules.noteSwitch(vcpu, of: vm, self, on: m)
  }

  /// Has the next VMRUN of the current context flush, if that was asked for.
  @inline(__always) @discardableResult
  func takeRequestForCurrent(_ vcpu: SVMNestedVCPU<M>, on m: M) -> Bool {
    if m.read(vcpu.flushesCurrent) == 0 { return false }
    m.write(vcpu.flushesCurrent, 0)
    vcpu.current(on: m).set(.thisASID, on: m)
    return true
  }

  /// The number of all L2s of the VM, taken if there is none yet. Caller holds `nestedLock`.
  func decideNestedASID(of vm: SVMNestedVM<M>, on m: M) -> UInt64 {
    if m.read(vm.nestedASID) == 0 { m.write(vm.nestedASID, allocate(on: m)) }
    return m.read(vm.nestedASID)
  }

  /// invlpga_interception. A tag that is not the one under which L2 ran last has nothing left: another
  /// one came after it, and the change has flushed, or will.
  public func invalidate(
    page: UInt64, virtualASID: UInt64, _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, on m: M
  ) {
    if virtualASID == 0 {
      drop(page, of: vcpu.vmcb01, on: m)
    } else if virtualASID == m.read(vcpu.lastVirtualASID) {
      Rules.invalidateInL2(page, of: vcpu, self, on: m)
    }
  }

  /// Drops `page` from what a context has. It has it on the pCPU where it ran last: a vCPU may have come
  /// here in L1 and go back before its L2 runs again, and no VMRUN of vmcb02 would notice.
  func drop(_ page: UInt64, of vmcb: VMCB<M>, on m: M) {
    if vmcb.isHere(on: m) {
      dropHere(page, of: vmcb, on: m)
    } else {
      vmcb.set(.thisASID, on: m)
    }
  }

  /// INVLPGA on this pCPU.
  func dropHere(_ page: UInt64, of vmcb: VMCB<M>, on m: M) {
    m.invalidate(
      .page(Tag(m.read(vmcb.asid)), page: page), on: .thisPCPU, at: SVMNestedSites.invlpga)
  }
}

extension VMCB {
  /// Whether this pCPU ran it last.
  func isHere(on m: M) -> Bool {
    m.read(lastPCPU) == UInt64(truncatingIfNeeded: m.pcpu.index &+ 1)
  }
}
