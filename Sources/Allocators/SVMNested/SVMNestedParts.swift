// What nested ASIDs keep of a VM and of a vCPU.

import Domain
import Machines

/// What the allocator keeps of a VM.
public struct SVMNestedVM<M: CallingMachine>: Sendable {
  let requests: FlushRequests<M>
  private let vmcbs: Bank<M.Cell>
  private let states: Bank<M.Cell>
  /// Where the first of its vCPUs lies in memory, as `SVMVM.address`.
  let address: M.Cell
  /// The number of its L2s; 0 before the first one ran. Guarded by `nestedLock`, and at its end the VM's.
  let nestedASID: M.Cell
  /// Decides who allocates `nestedASID`.
  let nestedLock: Lock<M.Word>

  init(vcpus: Int, in memory: M.Memory) {
    requests = FlushRequests(vcpus: vcpus, SVMNestedSites.requests, in: memory)
    vmcbs = VMCB<M>.cells(vcpus: 2 * vcpus, in: memory)
    states = memory.cells(
      vcpus * SVMNestedVCPU<M>.cellsEach, initially: 0, named: "nested state")
    address = memory.cell(initially: 0, named: "address")
    nestedASID = memory.cell(initially: 0, named: "nested ASID")
    nestedLock = memory.lock(named: "nested lock")
  }

  @inline(__always)
  func vcpu(_ number: Int) -> SVMNestedVCPU<M> {
    SVMNestedVCPU(
      number: number, vmcb01: VMCB(2 &* number, of: vmcbs),
      vmcb02: VMCB(2 &* number &+ 1, of: vmcbs),
      first: states[number &* SVMNestedVCPU<M>.cellsEach])
  }
}

/// What it keeps of a vCPU. Plain memory: it belongs to the pCPU that has the vCPU loaded, or to who
/// creates the VM.
public struct SVMNestedVCPU<M: CallingMachine>: Sendable {
  /// Its number in its VM.
  let number: Int
  /// L1's context.
  let vmcb01: VMCB<M>
  /// That of L2, whichever it is. Its ASID is 0 until L1 first runs one.
  let vmcb02: VMCB<M>
  fileprivate let first: M.Cell

  static var cellsEach: Int { 4 }

  /// Whether vmcb02 is current.
  var isInL2: M.Cell { first }
  /// Whether the current context is to be flushed: KVM_REQ_TLB_FLUSH_CURRENT and its like. Only the vCPU
  /// itself asks for it.
  var flushesCurrent: M.Cell { first.advanced(by: 1) }
  /// The tag that L1 gave its guest when it last ran one; 0 if it has not.
  var lastVirtualASID: M.Cell { first.advanced(by: 2) }
  /// Whether L1 is to be flushed when it goes on.
  var flushesL1AtExit: M.Cell { first.advanced(by: 3) }

  /// The context that the next VMRUN is for.
  @inline(__always)
  func current(on m: M) -> VMCB<M> { m.read(isInL2) == 0 ? vmcb01 : vmcb02 }

  /// A new vCPU's.
  func reset(asid: UInt64, on m: M) {
    vmcb01.reset(asid: asid, .thisASID, on: m)
    vmcb02.reset(asid: 0, .thisASID, on: m)
    for place in 0..<Self.cellsEach { m.write(first.advanced(by: place), 0) }
  }
}
