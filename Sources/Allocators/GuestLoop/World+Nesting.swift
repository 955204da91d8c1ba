// VMs that are hypervisors: the tables that L1 keeps for itself and for its guests, the tags that it
// gives these, and what a flush of L1 promises to it.

import Domain
import Machines

/// What VMs that may be hypervisors have beside what all have. Nothing where nothing nests.
struct NestingParts<M: Machine>: Sendable {
  let nests: Bool
  /// Per slot, `Inner` and page: a `TableEntry` whose frame is a page of the VM.
  let tables: Bank<M.Word>
  /// Per vCPU: `InnerState`. Belongs to who holds the claim.
  let states: Bank<M.Cell>
  /// Per vCPU, `Inner` and page: the version of the table's entry that the vCPU made last ...
  let edited: Bank<M.Cell>
  /// ... and the one that a flush of its L1 has promised: nothing older may be used by the vCPU.
  let promised: Bank<M.Cell>

  init(_ nests: Bool, _ knobs: WorldKnobs, in memory: M.Memory) {
    self.nests = nests
    let vcpus = nests ? knobs.vms * knobs.vcpusPerVM : 0
    let places = Inner.count * knobs.pagesPerVM
    tables = memory.words(
      nests ? knobs.vms * places : 0, initially: 0, .packed, named: "inner table")
    states = memory.cells(vcpus * InnerState.count, initially: 0, named: "inner state")
    edited = memory.cells(vcpus * places, initially: 0, named: "edited")
    promised = memory.cells(vcpus * places, initially: 0, named: "promised")
  }
}

/// The cells that a vCPU of a hypervisor has; of those per guest, that of `Inner` 1 is the first.
enum InnerState {
  /// Who runs in it, an `Inner`.
  static let running = 0
  /// The tag of each guest ...
  static let virtualASID = 0
  /// ... and the one under which it ran last; 0 if it has not.
  static let ranUnder = 2
  static let count = 5
}

extension World {
  /// Whether VMs may have guests of their own.
  var nests: Bool { parts.value.nesting.nests }

  /// The table of `inner` of the VM at `slot`.
  func innerTable(_ slot: Int, _ inner: Int) -> Bank<A.M.Word> {
    let pages = knobs.pagesPerVM
    return Bank(
      first: parts.value.nesting.tables[(slot &* Inner.count &+ inner) &* pages], stride: 1,
      count: pages)
  }

  /// What the hardware is told of `inner` of the VM at `slot`; nil where nothing nests.
  @inline(__always)
  func innerContext(_ slot: VMSlot, _ inner: Int) -> InnerContext<A.M.Word>? {
    A.nests && nests ? InnerContext(inner, table: innerTable(slot.index, inner)) : nil
  }

  /// A cell of vCPU `index`.
  func innerState(_ state: Int, of index: Int) -> A.M.Cell {
    parts.value.nesting.states[index &* InnerState.count &+ state]
  }

  /// The tag that L1 in vCPU `index` gives to `guest`.
  func virtualASID(of guest: Int, in index: Int) -> A.M.Cell {
    innerState(InnerState.virtualASID &+ guest, of: index)
  }

  private func cell(_ bank: Bank<A.M.Cell>, _ index: Int, _ inner: Int, _ page: Int) -> A.M.Cell {
    bank[(index &* Inner.count &+ inner) &* knobs.pagesPerVM &+ page]
  }

  /// What a flush has promised to the L1 of vCPU `index`.
  func promisedVersion(_ index: Int, _ inner: Int, _ page: Int) -> A.M.Cell {
    cell(parts.value.nesting.promised, index, inner, page)
  }

  /// The page of the VM that `page` of `inner` stands for. L1 changes entries, but not this: that an
  /// entry was flushed is judged by its version.
  func pageOfVM(_ page: Int, in inner: Int) -> Int {
    inner == Inner.guests.upperBound ? (page &+ 1) % knobs.pagesPerVM : page
  }

  // MARK: VMs

  /// Before the pCPUs start. Versions go on from VM to VM: a dead VM's tables are its heir's.
  func makeInnerTables(_ slot: Int, on m: A.M) {
    for inner in 0..<Inner.count {
      let table = innerTable(slot, inner)
      for page in 0..<knobs.pagesPerVM {
        let entry = TableEntry(
          frame: UInt64(pageOfVM(page, in: inner)), version: 0, isValid: true)
        m.store(table[page], entry.bits, .relaxed, at: WorldSite.edit)
      }
    }
  }

  /// L1 of a new VM has not run anybody, and gives its guests the first tags.
  func resetNesting(of index: Int, on m: A.M) {
    m.write(innerState(InnerState.running, of: index), UInt64(Inner.l1))
    for guest in Inner.guests {
      m.write(virtualASID(of: guest, in: index), UInt64(guest))
      m.write(innerState(InnerState.ranUnder &+ guest, of: index), 0)
    }
  }

  // MARK: What L1 does

  /// Changes the table of `inner`: another version, the same page.
  func edit(_ index: Int, _ inner: Int, _ page: Int, on m: A.M) {
    let table = innerTable(vcpus[index].vm, inner)
    let bits = m.add(table[page], 1 << 32, .relaxed, at: WorldSite.edit)
    m.write(
      cell(parts.value.nesting.edited, index, inner, page), TableEntry(bits: bits).version)
  }

  /// Gives `guest` a tag that none of L1's guests has ever had on this vCPU.
  func renew(_ guest: Int, in index: Int, on m: A.M) {
    var highest: UInt64 = 0
    for other in Inner.guests { highest = max(highest, m.read(virtualASID(of: other, in: index))) }
    m.write(virtualASID(of: guest, in: index), highest &+ 1)
  }

  /// L1 runs `guest`. When this returns its VMRUN is under way, and what that flushes is flushed:
  /// `promise` is told which pages of whom, and the versions from which on they may be used.
  func enterNested(
    _ index: Int, _ guest: Int, _ control: TLBControl, on m: A.M,
    promise: (_ inner: Int, _ page: Int, _ version: UInt64) -> Void
  ) {
    let vcpu = vcpus + index
    let asid = m.read(virtualASID(of: guest, in: index))
    parts.value.allocator.enterNested(
      vcpu.pointee.state, of: vms[vcpu.pointee.vm].state, virtualASID: asid, control: control,
      on: m)
    let ranUnder = innerState(InnerState.ranUnder &+ guest, of: index)
    // Under a new tag nothing of the old one can be found.
    let isRenewed = m.read(ranUnder) != asid
    m.write(ranUnder, asid)
    m.write(innerState(InnerState.running, of: index), UInt64(guest))
    for inner in 0..<Inner.count {
      let isFlushed =
        control == .everything || inner == guest && (isRenewed || control == .thisASID)
      if isFlushed { promiseAll(index, inner, on: m, promise) }
    }
  }

  private func promiseAll(
    _ index: Int, _ inner: Int, on m: A.M, _ promise: (Int, Int, UInt64) -> Void
  ) {
    for page in 0..<knobs.pagesPerVM {
      promise(inner, page, m.read(cell(parts.value.nesting.edited, index, inner, page)))
    }
  }

  /// L1 goes on, its guest does not.
  func exitNested(_ index: Int, on m: A.M) {
    let vcpu = vcpus + index
    parts.value.allocator.exitNested(vcpu.pointee.state, of: vms[vcpu.pointee.vm].state, on: m)
    m.write(innerState(InnerState.running, of: index), UInt64(Inner.l1))
  }

  /// L1's INVLPGA. Returns the version from which on the page may be used.
  func invalidate(_ index: Int, _ inner: Int, _ page: Int, on m: A.M) -> UInt64 {
    let vcpu = vcpus + index
    let asid = inner == Inner.l1 ? 0 : m.read(virtualASID(of: inner, in: index))
    parts.value.allocator.invalidate(
      page: UInt64(page), virtualASID: asid, vcpu.pointee.state, of: vms[vcpu.pointee.vm].state,
      on: m)
    return m.read(cell(parts.value.nesting.edited, index, inner, page))
  }
}
