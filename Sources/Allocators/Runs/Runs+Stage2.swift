// KVM's stage-2 tables on arm64: their versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let stage2Versions: [TagSystem] = [stage2, stage2Increasing, stage2Masked]

  /// As merged, with its fixes.
  public static let stage2 = TagSystem(
    unmeasured: "arm64-stage2",
    "KVM's stage-2 tables on arm64 under merged VMIDs, flushed by ranges",
    source: "Linux arch/arm64/kvm/hyp/pgtable.c, \(Stage2Sites.series) and its fixes",
    verdict: .clean,
    Stage2<InstrumentedLiveMachine, Stage2AsMerged>.self,
    Stage2<ControlledMachine, Stage2AsMerged>.self
  ).soaked(on: "range-churn")

  /// The planner of Linux 5.9 to 6.7.
  static let stage2Increasing = TagSystem(
    unmeasured: "arm64-stage2-increasing", "the same, ranges planned by increasing scale",
    source: "Linux arch/arm64/include/asm/tlbflush.h, d1d3aa98b1d4 up to e2768b798a19",
    verdict: .wrong(row: "B78", oracle: .o10, scenario: "range-lpa2"),
    Stage2<InstrumentedLiveMachine, Stage2Increasing>.self,
    Stage2<ControlledMachine, Stage2Increasing>.self
  ).inScenarios(of: "arm64-stage2")

  /// The planner between its two fixes.
  static let stage2Masked = TagSystem(
    unmeasured: "arm64-stage2-masked", "the same, by decreasing scale, NUM up to 30",
    source: "Linux arch/arm64/include/asm/tlbflush.h, e2768b798a19 up to e3ba51ab24fd",
    verdict: .wrong(row: "B71", oracle: .o10, scenario: "range-longest"),
    Stage2<InstrumentedLiveMachine, Stage2Masked>.self,
    Stage2<ControlledMachine, Stage2Masked>.self
  ).inScenarios(of: "arm64-stage2")
}

extension Fault {
  /// Its faults.
  static let ofStage2: [Fault] = [
    Fault(
      "B71", "longest-range-garbled", "NUM ends at 30: the longest range is -1 at every scale",
      origin: "117940aa6e5f, fixed by e3ba51ab24fd", oracles: [.o10, .o9],
      exploredIn: "range-longest", detection: .exploration,
      .version(.stage2Masked, of: .stage2)),
    Fault(
      "B72", "table-broken-from-its-middle", "a broken table is flushed from the faulting page on",
      origin: "defc8cc7abf0, fixed by 4c36a1567388", oracles: [.o10, .o4],
      soakedIn: "range-churn", exploredIn: "range-collapse",
      .system(wrong("B72", .o10, "range-collapse", FlushFromTheMiddle.self))),
    Fault(
      "B73", "table-flush-deferred", "unmapping gives a table back before it is flushed",
      origin: "fixed by f62d4c3eb687", oracles: [.o4],
      soakedIn: "range-churn", exploredIn: "range-unmap",
      .system(wrong("B73", .o4, "range-unmap", TableFlushDeferred.self))),
    Fault(
      "B73L", "write-logged-before-lock", "a write is logged before the lock is taken",
      origin: "synthetic", oracles: [.o14],
      soakedIn: "range-churn", exploredIn: "range-log",
      .system(wrong("B73L", .o14, "range-log", WriteLoggedBeforeLock.self))),
    Fault(
      "B73M", "memory-given-before-flush", "unmapping gives memory to others before it has flushed",
      origin: "synthetic", oracles: [.o4],
      soakedIn: "range-churn", exploredIn: "range-memory",
      .system(wrong("B73M", .o4, "range-memory", MemoryGivenBeforeFlush.self))),
    Fault(
      "B74", "table-flush-at-level-0", "level 0 is said where the level is unknown",
      origin: "c910f2b65518, fixed by 0f0ff097bf77", oracles: [.o10, .o4],
      soakedIn: "range-churn-lpa2", exploredIn: "range-lpa2",
      .system(wrong("B74", .o10, "range-lpa2", LevelZeroForUnknown.self))),
    Fault(
      "B74T", "table-flush-with-hint", "a table is flushed with the level of its entry",
      origin: "36e008323926", oracles: [.o10, .o4],
      soakedIn: "range-churn", exploredIn: "range-unmap",
      .system(wrong("B74T", .o10, "range-unmap", HintForTables.self))),
    Fault(
      "B75", "stages-not-apart", "stage 1 is flushed before stage 2 is known to be",
      origin: "synthetic", oracles: [.o4],
      soakedIn: "range-churn", exploredIn: "range-collapse",
      .system(wrong("B75", .o4, "range-collapse", NoWaitBetweenStages.self))),
    Fault(
      "B77", "ranges-not-supported", "without range instructions nothing is flushed",
      origin: "v2 of FEAT_TLBIRANGE on kvmarm", oracles: [.o4],
      soakedIn: "range-churn-base", exploredIn: "range-unsupported", by: [.o10],
      .system(wrong("B77", .o10, "range-unsupported", NothingWithoutRanges.self))),
    Fault(
      "B78", "odd-page-first", "with LPA2 an odd first page takes ranges off their 64 KiB",
      origin: "the reason for e2768b798a19", oracles: [.o10],
      soakedIn: "range-churn-lpa2", exploredIn: "range-lpa2",
      .version(.stage2Increasing, of: .stage2)),
    Fault(
      "B80", "one-number-for-all-parts", "a rollover between two parts of a flush is not seen",
      origin: "synthetic", oracles: [.o4],
      exploredIn: "range-rollover", detection: .exploration,
      .system(wrong("B80", .o4, "range-rollover", TagReadOnce.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: Stage2Rules>(
    _ row: String, _ oracle: OracleID, _ scenario: String, _: Rules.Type
  ) -> TagSystem {
    TagSystem(
      TagSystem.stage2, with: row, .wrong(row: row, oracle: oracle, scenario: scenario),
      Stage2<InstrumentedLiveMachine, Rules>.self, Stage2<ControlledMachine, Rules>.self)
  }
}
