// Judges what a live machine reports from inside an allocator: rollovers and BUG()s.

import Domain
import Machines
import Oracles

/// Turns evidence into findings.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public final class SoakWatcher: MachineWatcher {
  private let log: FindingLog
  private let isOn: Bool

  /// A watcher that writes to `log`; one that is off counts nothing and finds nothing.
  public init(_ log: FindingLog, isOn: Bool = true) {
    self.log = log
    self.isOn = isOn
  }

  public func rolledOver(_ evidence: RolloverEvidence) -> Bool {
    guard isOn else { return false }
    let verdicts = RolloverVerdict.judge(
      flushCompleted: evidence.flushCompleted, lost: evidence.lost)
    for verdict in verdicts {
      switch verdict {
      case .flushIncomplete:
        log.add(
          .o5, .forbidden,
          "a rollover by \(evidence.pcpu) returned without a complete flush of every TLB",
          on: evidence.pcpu)
      case .liveTagFreed(let pcpu, let context):
        log.add(
          .o6, .forbidden,
          "a rollover by \(evidence.pcpu) freed tag \(context.tag), with which \(context.slot) "
            + "was live on \(pcpu) all the time", on: evidence.pcpu)
      }
    }
    return true
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

  public func bug(_ message: String, at site: Site, on pcpu: PCPU) {
    log.add(.o9, .forbidden, "BUG on \(pcpu) at site \(site.number): \(message)", on: pcpu)
  }
}
