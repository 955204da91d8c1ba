// Schedules are run in blocks, and blocks are added up in the order of their indices. So the sum
// does not depend on how many workers there are or who was faster.

import Exploration

/// A schedule at whose end an oracle spoke.
struct FoundSchedule {
  var index = 0
  var slot = 0
  var traceHash: UInt64 = 0
  var violation = Violation.deadlock
}

/// What one strategy did.
public struct StrategyTally: Sendable, Equatable {
  /// Its name.
  public internal(set) var name = ""
  /// Schedules that it decided.
  public internal(set) var schedules = 0
  /// Their steps.
  public internal(set) var events = 0
  /// Of them, those at whose end an oracle spoke.
  public internal(set) var findings = 0
}

/// What the schedules of one block gave. Its memory is allocated once.
struct ScheduleBlock {
  static let size = 256
  /// Different findings of one block that are kept.
  static let mostFindings = 16

  var schedules = 0
  var stepLimits = 0
  var longest = 0
  var traceHashes = TraceHashes()
  /// A schedule that was run twice and gave two executions; -1 for none.
  var nondeterministic = -1
  var findingCount = 0
  var isDone = false
  let fingerprints: UnsafeMutablePointer<UInt64>
  let tallies: UnsafeMutablePointer<(schedules: Int, events: Int, findings: Int)>
  let findings: UnsafeMutablePointer<FoundSchedule>
  private let slots: Int

  init(slots: Int) {
    self.slots = slots
    fingerprints = .allocate(capacity: Self.size)
    fingerprints.initialize(repeating: 0, count: Self.size)
    tallies = .allocate(capacity: slots)
    tallies.initialize(repeating: (0, 0, 0), count: slots)
    findings = .allocate(capacity: Self.mostFindings)
    findings.initialize(repeating: FoundSchedule(), count: Self.mostFindings)
  }

  func deallocate() {
    fingerprints.deallocate()
    tallies.deallocate()
    findings.deallocate()
  }

  mutating func clear() {
    schedules = 0
    stepLimits = 0
    longest = 0
    traceHashes = TraceHashes()
    nondeterministic = -1
    findingCount = 0
    isDone = false
    tallies.update(repeating: (0, 0, 0), count: slots)
  }

  /// Takes in the execution of schedule `index`. Returns whether an oracle spoke.
  mutating func add(_ end: ExecutionEnd, index: Int, slot: Int) -> Bool {
    fingerprints[schedules] = end.fingerprint.low
    schedules += 1
    traceHashes.add(end.traceHash)
    tallies[slot].schedules += 1
    tallies[slot].events += end.steps
    longest = max(longest, end.steps)
    if end.outcome == .stepLimit { stepLimits += 1 }
    guard case .violation(let violation) = end.outcome else { return false }
    tallies[slot].findings += 1
    keep(
      FoundSchedule(
        index: index, slot: slot, traceHash: end.traceHash, violation: violation))
    return true
  }

  /// Of findings that say the same, the first is kept.
  private mutating func keep(_ found: FoundSchedule) {
    for place in 0..<findingCount
    where findings[place].violation.hasShape(of: found.violation) {
      return
    }
    guard findingCount < Self.mostFindings else { return }
    findings[findingCount] = found
    findingCount += 1
  }
}

extension Violation {
  /// Whether both say the same but for who and which.
  func hasShape(of other: Violation) -> Bool {
    switch (self, other) {
    case (.twoTags, .twoTags), (.twoVMs, .twoVMs), (.twoOwners, .twoOwners),
      (.staleHit, .staleHit), (.foreignUse, .foreignUse), (.revokedWrite, .revokedWrite),
      (.underCover, .underCover), (.noFlush, .noFlush), (.lostTag, .lostTag),
      (.outOfRange, .outOfRange), (.generationBack, .generationBack),
      (.tagChanged, .tagChanged), (.deadlock, .deadlock),
      (.otherVCPU, .otherVCPU), (.otherLevel, .otherLevel),
      (.staleInner, .staleInner), (.freedTwice, .freedTwice), (.freedInUse, .freedInUse),
      (.lostWrite, .lostWrite):
      true
    case (.bug(_, _, _, let a), .bug(_, _, _, let b)): a == b
    case (.race(_, let a, _, _), .race(_, let b, _, _)): a == b
    default: false
    }
  }
}
