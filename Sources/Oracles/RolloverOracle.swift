// O5 and O6: what must hold when a rollover returns.

import Domain

/// O5 FlushComplete and O6 ReservedSound, from what was seen around one rollover.
///
/// Sees: a rollover without a flush that was issued and completed on every TLB between its first
/// step and its return; a tag that a guest used from before its start until after its end and that
/// is free afterwards. Cannot see: a context that changed in between, which a correct rollover may
/// race with; the ledger sees those when the tag is used twice.
public enum RolloverVerdict: Sendable, Equatable {
  /// O5.
  case flushIncomplete
  /// O6: the tag of this live context was not kept.
  case liveTagFreed(PCPU, ContextWord)

  /// Judges one rollover; empty if it was sound.
  public static func judge(
    flushCompleted: Bool, lost: (pcpu: PCPU, context: ContextWord)?
  ) -> [RolloverVerdict] {
    var verdicts: [RolloverVerdict] = []
    if !flushCompleted { verdicts.append(.flushIncomplete) }
    if let lost { verdicts.append(.liveTagFreed(lost.pcpu, lost.context)) }
    return verdicts
  }
}
