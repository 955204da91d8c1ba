// Where a recording machine's translations come from. `Translation` can be made inside `Machines`
// only, so a live machine makes them: its table has one page, and its TLB is emptied before each
// walk.

import Domain
import Machines

/// Walks of a table, as the live machine would answer them.
struct TranslationSource {
  private let hardware = LiveHardware(
    pcpuCount: 1, tagBits: 1, seed: Seed(0), watcher: NobodyWatches())
  private let table: Bank<LiveWord>

  init() { table = hardware.memory.words(1, initially: 0, .packed, named: "table of one page") }

  /// A fill from `entry` of the table of `owner`, or a fault.
  func translation(from entry: TableEntry, of owner: VMIdentity) -> Translation {
    let machine = hardware.machine(PCPU(0))
    let site = Site(0)
    machine.store(table[0], entry.bits, .relaxed, at: site)
    machine.invalidate(.everything, on: .thisPCPU, at: site)
    machine.install(
      GuestContext(table: table, tag: Tag(1), slot: VMSlot(0), owner: owner), at: site)
    return machine.translate(0, at: site)
  }
}

/// A machine that nobody watches: it makes no rollovers.
private final class NobodyWatches: MachineWatcher {
  func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID> { [] }
  func bug(_ message: String, at site: Site, on pcpu: PCPU) {}
}
