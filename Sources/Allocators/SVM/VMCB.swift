// What the allocators keep in a vCPU's VMCB, and what VMRUN does with it.

import Domain
import Machines

/// What VMRUN flushes, as the VMCB's TLB control field says it. The numbers are the architecture's.
public enum TLBControl: UInt64, BitwiseCopyable, Sendable {
  /// Nothing.
  case nothing = 0
  /// All entries of this pCPU.
  case everything = 1
  /// Those of the VMCB's ASID: only where the pCPU has FLUSHBYASID.
  case thisASID = 3
}

/// The VMCB of one vCPU, as far as tags go. Plain memory: it belongs to the pCPU that has the vCPU
/// loaded, or to who creates the VM.
public struct VMCB<M: Machine>: Sendable {
  /// The first of its cells, which lie side by side.
  private let first: M.Cell
  /// The vCPU's number in its VM.
  let number: Int

  init(_ number: Int, of bank: Bank<M.Cell>) {
    first = bank[number * Self.cellsEach]
    self.number = number
  }

  /// Cells for the VMCBs of `vcpus` vCPUs.
  static func cells(vcpus: Int, in memory: M.Memory) -> Bank<M.Cell> {
    memory.cells(vcpus * cellsEach, initially: 0, named: "VMCB")
  }

  private static var cellsEach: Int { 4 }

  /// The ASID.
  var asid: M.Cell { first }
  /// The pCPU that ran it last, + 1; 0 if none has.
  var lastPCPU: M.Cell { first.advanced(by: 1) }
  /// A `TLBControl`: what the next VMRUN flushes. It stays until a VMRUN has been completed.
  var tlbControl: M.Cell { first.advanced(by: 2) }
  /// The generation of the ASID on `lastPCPU`; 0 for none. Of the dynamic scheme.
  var generation: M.Cell { first.advanced(by: 3) }

  /// A new vCPU's.
  func reset(asid newASID: UInt64, _ control: TLBControl, on m: M) {
    m.write(asid, newASID)
    m.write(lastPCPU, 0)
    m.write(tlbControl, control.rawValue)
    m.write(generation, 0)
  }

  /// Has the next VMRUN flush.
  @inline(__always)
  func set(_ control: TLBControl, on m: M) { m.write(tlbControl, control.rawValue) }

  /// Notes that this pCPU runs it. Returns whether another one did last, or none.
  @inline(__always)
  func arrive(on m: M) -> Bool {
    let here = UInt64(truncatingIfNeeded: m.pcpu.index &+ 1)
    if m.read(lastPCPU) == here { return false }
    m.write(lastPCPU, here)
    return true
  }

  /// What VMRUN does before the guest's first instruction. The caller enters at once.
  @inline(__always)
  func flushAsVMRUN(at site: Site, everythingAt allSite: Site, on m: M) -> Tag {
    let tag = Tag(m.read(asid))
    switch TLBControl(rawValue: m.read(tlbControl)) {
    case .everything: m.invalidate(.everything, on: .thisPCPU, at: allSite)
    case .thisASID: m.invalidate(.tag(tag), on: .thisPCPU, at: site)
    case .nothing, nil: break
    }
    return tag
  }
}
