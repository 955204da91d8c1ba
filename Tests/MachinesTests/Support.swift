// What several suites of this target need: live hardware that keeps what its watcher is told, and
// guests for it.

import Domain
import Host
import Machines

/// The site of every operation that a test makes itself.
let here = Site(7)

/// Keeps what a machine reports.
final class KeepingWatcher: MachineWatcher {
  struct Bug: Equatable, Sendable {
    let message: String
    let site: Site
    let pcpu: PCPU
  }

  private let judges: Bool
  private let kept = HostLock<(evidence: [RolloverEvidence], bugs: [Bug])>(([], []))
  private let keptUnderCovers = HostLock<[UnderCoverEvidence]>([])
  private let keptLostWrites = HostLock<[LostWriteEvidence]>([])

  /// `judges`: what it answers when asked whether it judged a rollover.
  init(judges: Bool = true) { self.judges = judges }

  var evidence: [RolloverEvidence] { kept.withLock { $0.evidence } }
  var bugs: [Bug] { kept.withLock { $0.bugs } }
  var underCovers: [UnderCoverEvidence] { keptUnderCovers.withLock { $0 } }
  var lostWrites: [LostWriteEvidence] { keptLostWrites.withLock { $0 } }

  func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID> {
    kept.withLock { $0.evidence.append(evidence) }
    return judges ? [.o5, .o6] : []
  }

  func underCovered(_ evidence: UnderCoverEvidence) {
    keptUnderCovers.withLock { $0.append(evidence) }
  }

  func lostWrite(_ evidence: LostWriteEvidence) { keptLostWrites.withLock { $0.append(evidence) } }

  func bug(_ message: String, at site: Site, on pcpu: PCPU) {
    kept.withLock { $0.bugs.append(Bug(message: message, site: site, pcpu: pcpu)) }
  }
}

/// Live hardware, without instruments. Must outlive its machines.
struct SmallHardware {
  let watcher: KeepingWatcher
  let hardware: LiveHardware

  init(pcpus: Int = 2, tagBits: Int = 4, seed: UInt64 = 1, judges: Bool = true) {
    watcher = KeepingWatcher(judges: judges)
    hardware = LiveHardware(
      pcpuCount: pcpus, tagBits: tagBits, seed: Seed(seed), watcher: watcher)
  }

  var memory: LiveMemory { hardware.memory }

  subscript(pcpu: Int) -> LiveMachine { hardware.machine(PCPU(pcpu)) }

  /// A VM with 128 valid pages of version 1.
  func guest(_ number: Int) -> Guest {
    Guest(
      slot: VMSlot(number), owner: VMIdentity(100 + number),
      table: memory.words(
        128, initially: TableEntry(frame: 9, version: 1, isValid: true).bits, .packed,
        named: "table"))
  }
}

/// A VM, as far as the hardware knows it.
struct Guest {
  let slot: VMSlot
  let owner: VMIdentity
  let table: Bank<LiveWord>

  func context(_ tag: UInt64) -> GuestContext<LiveWord> {
    GuestContext(table: table, tag: Tag(tag), slot: slot, owner: owner)
  }
}

extension LiveMachine {
  /// Makes every page in `pages` sit in this TLB.
  func touch(_ pages: some Sequence<UInt64>) {
    for page in pages { _ = translate(page, at: here) }
  }

  /// Issues an invalidation everywhere and waits for it.
  func drop(_ what: Invalidation) {
    invalidate(what, on: .everyPCPU, at: here)
    waitForInvalidations(at: here)
  }
}
