// KVM's ASIDs for encrypted guests: the system and its faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let sevVersions: [TagSystem] = [svmSEV]

  private static let posted = "<20250326193619.3714986-1-yosry.ahmed@linux.dev>, patch 9"

  /// Numbers that stand for keys.
  public static let svmSEV = TagSystem(
    "svm-sev", "KVM's ASIDs for encrypted guests: two classes, recycled with empty caches",
    source: "Linux arch/x86/kvm/svm/sev.c; \(posted)",
    SVMSEV<LiveMachine, SVMSEVAsMerged>.self,
    SVMSEV<InstrumentedLiveMachine, SVMSEVAsMerged>.self,
    SVMSEV<ControlledMachine, SVMSEVAsMerged>.self
  )
  .soaked(on: "sev-small")
}

extension Fault {
  /// Its faults.
  static let ofSEV: [Fault] = [
    Fault(
      "B59", "reclaimed-at-once", "a dead VM's number is taken before caches are written back",
      origin: "synthetic", oracles: [.o11], soakedIn: "sev-small", exploredIn: "sev-reuse",
      .system(wrong("B59", .o11, ReclaimedAtOnce.self))),
    Fault(
      "B59D", "deactivation-not-excluded", "a guest is deactivated between WBINVD and DF_FLUSH",
      origin: "KVM: SVM: Guard against DEACTIVATE when performing WBINVD/DF_FLUSH",
      oracles: [.o9], soakedIn: "sev-small", exploredIn: "sev-reuse",
      .system(wrong("B59D", .o9, DeactivationNotExcluded.self))),
    Fault(
      "B59W", "one-cache-written-back", "whoever recycles writes back its own cache alone",
      origin: "synthetic", oracles: [.o9], soakedIn: "sev-small", exploredIn: "sev-reuse",
      .system(wrong("B59W", .o9, OneCacheWrittenBack.self))),
    Fault(
      "B60", "other-class-asked", "whether numbers can be recycled is asked of one class for both",
      origin: "review of KVM: SVM: Update ASID allocation to support SEV-ES guests",
      oracles: [.o9], soakedIn: "sev-small", exploredIn: "sev-reuse",
      .system(wrong("B60", .o9, OtherClassAsked.self))),
    Fault(
      "B61", "lock-kept-at-failure", "a number that cannot be registered leaves the lock taken",
      origin: "<20250326193619.3714986-1-yosry.ahmed@linux.dev>, patch 9",
      oracles: [.o9], soakedIn: "sev-small", exploredIn: "sev-failure",
      .system(wrong("B61", .o9, LockKeptAtFailure.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: SVMSEVRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      .svmSEV, with: row, .wrong(row: row, oracle: oracle, scenario: "sev-small"),
      SVMSEV<InstrumentedLiveMachine, Rules>.self, SVMSEV<ControlledMachine, Rules>.self)
  }
}
