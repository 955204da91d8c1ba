// Judges what a live machine reports from inside an allocator: rollovers and BUG()s.

import Domain
import Machines
import Oracles

/// Turns evidence into findings.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public final class SoakWatcher: MachineWatcher {
  private let log: FindingLog
  private let oracles: Set<OracleID>
  private let isOn: Bool

  /// A watcher that writes to `log` what those of `oracles` see of a rollover; one that is off counts
  /// nothing and finds nothing.
  public init(
    _ log: FindingLog, oracles: Set<OracleID> = OracleID.common, isOn: Bool = true
  ) {
    self.log = log
    self.oracles = oracles
    self.isOn = isOn
  }

  public func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID> {
    guard isOn else { return [] }
    let verdicts = RolloverVerdict.judge(
      flushCompleted: evidence.flushCompleted, lost: evidence.lost)
    for verdict in verdicts {
      switch verdict {
      case .flushIncomplete where oracles.contains(.o5):
        log.add(
          .o5, .forbidden,
          "a rollover by \(evidence.pcpu) returned without a complete flush of every TLB",
          on: evidence.pcpu)
      case .liveTagFreed(let pcpu, let context) where oracles.contains(.o6):
        log.add(
          .o6, .forbidden,
          "a rollover by \(evidence.pcpu) freed tag \(context.tag), with which \(context.slot) "
            + "was live on \(pcpu) all the time", on: evidence.pcpu)
      case .flushIncomplete, .liveTagFreed: break
      }
    }
    return oracles.intersection([.o5, .o6])
  }

  public func freed(_ evidence: FreedTagEvidence) {
    guard isOn else { return }
    let what =
      evidence.user.map { "with which \($0.context.slot) is in its guest on \($0.pcpu)" }
      ?? "which was free already"
    log.add(
      .o11, .forbidden, "\(evidence.pcpu) gave back tag \(evidence.tag), \(what)",
      on: evidence.pcpu)
  }

  public func underCovered(_ evidence: UnderCoverEvidence) {
    guard isOn, oracles.contains(.o10) else { return }
    let wanted = evidence.wanted
    log.add(
      .o10, .forbidden,
      "\(evidence.pcpu) was to invalidate pages \(wanted.first)-\(wanted.first + wanted.pages - 1), "
        + (wanted.level == 0 ? "entries of every level" : "leaves of level \(wanted.level)")
        + ", and nothing that it issued does so for page \(evidence.firstMissed)", on: evidence.pcpu
    )
  }

  public func lostWrite(_ evidence: LostWriteEvidence) {
    guard isOn, oracles.contains(.o14) else { return }
    log.add(
      .o14, .forbidden,
      "\(evidence.pcpu) took page \(evidence.page) of \(evidence.slot) out of the log of writes, which did "
        + "not have it, although a guest has written it since it was last taken out",
      on: evidence.pcpu)
  }

  public func reused(_ evidence: LinesLeftEvidence) {
    guard isOn else { return }
    let place =
      switch evidence.holder {
      case .cache(let pcpu): "in the cache of \(pcpu)"
      case .fabric: "on their way to memory"
      }
    log.add(
      .o11, .forbidden,
      "\(evidence.pcpu) handed out tag \(evidence.tag) while lines under its old key are \(place)",
      on: evidence.pcpu)
  }

  public func foundNoTag(_ evidence: TagLeftEvidence) {
    guard isOn else { return }
    log.add(
      .o9, .forbidden,
      "\(evidence.pcpu) found no tag for a new VM, although tag \(evidence.tag) is nobody's",
      on: evidence.pcpu)
  }

  public func bug(_ message: String, at site: Site, on pcpu: PCPU) {
    log.add(.o9, .forbidden, "BUG on \(pcpu) at site \(site.number): \(message)", on: pcpu)
  }
}
