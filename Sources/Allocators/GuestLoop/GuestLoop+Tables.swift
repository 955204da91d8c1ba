// Tables with levels in a live run: what guests access, and what the host changes meanwhile.

import Domain
import Machines
import Oracles

extension GuestLoop {
  /// One memory access through tables with levels. The machine judges what it uses; a fault is served at
  /// once, and the guest goes on with something else.
  @inline(never)
  mutating func accessTables(
    _ page: UInt64, writes: Bool, _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>,
    _ vm: UnsafeMutablePointer<VMPlace<A>>, _ owner: VMIdentity, _ tally: inout SliceTally,
    on m: A.M
  ) {
    let translation = m.translate(page, writes: writes, at: WorldSite.access)
    switch translation.outcome {
    case .hit: tally.hits &+= 1
    case .fill: tally.fills &+= 1
    case .fault:
      tally.faults &+= 1
      world.allocator.serveFault(
        page &* knobs.pageStride, writes: writes, of: vm.pointee.state, on: m)
      return
    }
    oracles.judge(translation.flaw, of: page, on: m)
    // Versions are the machine's to compare here; whose an entry is, is not.
    oracles.judge(
      translation, for: owner, vcpu: UInt32(truncatingIfNeeded: vcpu.pointee.number),
      oldestValid: translation.version, &tally, on: m)
  }

  /// The host changes the VM's tables, as notifiers, dirty logging and migration do. The VM cannot end
  /// meanwhile: the caller holds one of its vCPUs. Its other vCPUs may run.
  @inline(never)
  mutating func changeTables(_ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) {
    world.allocator.change(drawChange(), of: vm.pointee.state, on: m)
    m.note(.tableChanges)
  }

  private mutating func drawChange() -> TableChange {
    let all = knobs.addressSpacePages
    switch random.below(10) {
    case 0, 1:
      let first = random.below(all)
      return .unmap(first: first, pages: 1 &+ random.below(all &- first))
    case 2:
      // One page: most of what a host swaps out.
      return .unmap(first: random.below(all), pages: 1)
    case 3, 4, 5:
      // A host asks for the log several times before it has had enough of it.
      let memslot = random.below(all) / knobs.memslotPages
      return .protect(first: memslot &* knobs.memslotPages, pages: knobs.memslotPages)
    case 6: return .stopLogging(page: random.below(all))
    case 7, 8: return .collapse(page: random.below(all))
    default: return .split(page: random.below(all))
    }
  }
}
