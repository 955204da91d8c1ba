// KVM's VMID allocator on arm64: its versions and their faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let arm64VMIDVersions: [TagSystem] = [arm64VMID, arm64VMIDPinned]

  /// KVM on arm64, as merged.
  public static let arm64VMID = TagSystem(
    "arm64-vmid", "KVM's VMID allocator on arm64, v4 of the series, as merged",
    source: "Linux arch/arm64/kvm/vmid.c, \(Arm64VMIDSites.commit)",
    Arm64VMID<LiveMachine, Arm64VMIDAsMerged>.self,
    Arm64VMID<InstrumentedLiveMachine, Arm64VMIDAsMerged>.self,
    Arm64VMID<ControlledMachine, Arm64VMIDAsMerged>.self)
}

extension Fault {
  /// Its faults.
  static let ofArm64VMID: [Fault] =
    ofArm64VMIDAsMerged + ofArm64VMIDPinned

  private static let ofArm64VMIDAsMerged: [Fault] = [
    Fault(
      "B01", "fast-path-stores", "the fast path tests its slot, then stores into it",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "rollover",
      .system(wrong("B01", .o2, FastPathStores.self))),
    Fault(
      "B01S", "fast-path-stores-unasked", "the fast path stores into its slot without a test",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "rollover",
      .system(wrong("B01S", .o2, FastPathStoresUnasked.self))),
    Fault(
      "B02", "scan-loads-then-stores", "the rollover's scan loads a slot, then stores 0",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "rollover", needsPauses: true,
      .system(wrong("B02", .o2, ScanLoadsThenStores.self))),
    Fault(
      "B04", "no-retest-under-lock", "whoever takes the lock allocates without looking again",
      origin: "synthetic", oracles: [.o1],
      exploredIn: "both-new", by: [.o8],
      .system(wrong("B04", .o1, NoRetestUnderLock.self))),
    Fault(
      "B06", "rollover-forgets-reserved", "a second rollover forgets who is still in the guest",
      origin: "ae120d9edfe9", oracles: [.o2, .o6],
      exploredIn: "two-rollovers",
      .system(wrong("B06", .o6, RolloverForgetsReserved.self))),
    Fault(
      "B06S", "reserved-not-taken", "a rollover hands out numbers that are still in use",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "rollover",
      .system(wrong("B06S", .o6, ReservedNotTaken.self))),
    Fault(
      "B09", "no-flush-at-rollover", "nothing is flushed when the numbers start anew",
      origin: "synthetic", oracles: [.o3, .o4, .o5],
      exploredIn: "rollover",
      .system(wrong("B09", .o5, NoFlushAtRollover.self))),
    Fault(
      "B11", "number-zero", "number 0 is handed out",
      origin: "synthetic", oracles: [.o7],
      exploredIn: "rollover",
      .system(wrong("B11", .o7, NumberZero.self))),
    Fault(
      "B19", "put-before-context-dead", "the slot is cleared while the hardware still has the VM",
      origin: "synthetic", oracles: [.o3],
      exploredIn: "leaving",
      .world({ $0.putBeforeContextDead = true }, .arm64VMID)),
    Fault(
      "B22", "bump-after-scan", "the generation is bumped after the scan",
      origin: "synthetic", oracles: [.o2],
      exploredIn: "change", needsPauses: true,
      .system(wrong("B22", .o2, BumpAfterScan.self))),
    Fault(
      "B24", "bump-after-forgetting", "the generation is bumped before the scan: equivalent",
      origin: "synthetic", oracles: [],
      exploredIn: "m1-r2", detection: .equivalent,
      .system(
        version(
          "B24", .clean, BumpAfterForgetting.self))),
    Fault(
      "B28", "active-after-unlock", "the slow path publishes after it has given the lock back",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "last-number", needsPauses: true,
      .system(wrong("B28", .o2, ActiveAfterUnlock.self))),
    Fault(
      "H01", "no-lock", "the slow path goes without its lock",
      origin: "synthetic", oracles: [.o1, .o2, .o3, .o4, .o5, .o6, .o8, .o9],
      exploredIn: "rollover", by: [.race],
      .system(wrong("H01", .o2, NoLock.self))),
    Fault(
      "H02", "lock-without-acquire", "the lock is taken without acquire",
      origin: "synthetic", oracles: [],
      exploredIn: "rollover", by: [.race], detection: .threadSanitizer,
      .system(
        version(
          "H02", .clean, LockWithoutAcquire.self))),
    Fault(
      "H03", "lock-leak", "the lock is not given back after some rollovers",
      origin: "synthetic", oracles: [.o9],
      exploredIn: "generations",
      .system(wrong("H03", .o9, LockLeak.self))),
    Fault(
      "H04", "flush-never-ends", "a rollover waits for its flush for ever",
      origin: "synthetic", oracles: [.o5, .o9],
      exploredIn: "rollover",
      .system(wrong("H04", .o5, FlushNeverEnds.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: Arm64VMIDRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type
  ) -> TagSystem {
    version(row, .wrong(row: row, oracle: oracle, scenario: "small"), rules)
  }

  @inline(__always)
  private static func version<Rules: Arm64VMIDRules>(
    _ row: String, _ verdict: ExpectedVerdict, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      TagSystem.arm64VMID, with: row, verdict,
      Arm64VMID<LiveMachine, Rules>.self, Arm64VMID<InstrumentedLiveMachine, Rules>.self,
      Arm64VMID<ControlledMachine, Rules>.self)
  }
}

// MARK: With pins

extension TagSystem {
  /// KVM on arm64 with numbers that can be pinned.
  static let arm64VMIDPinned = TagSystem(
    "arm64-vmid-pinned", "KVM's VMID allocator on arm64 with pins for devices, out of tree",
    source: "hisilicon/kernel-dev arch/arm64/kvm/vmid.c, 057f86dcbfba, its missing store put in",
    ArmASID<LiveMachine, Arm64VMIDPinned>.self,
    ArmASID<InstrumentedLiveMachine, Arm64VMIDPinned>.self,
    ArmASID<ControlledMachine, Arm64VMIDPinned>.self)
}

extension Fault {
  fileprivate static let ofArm64VMIDPinned: [Fault] = [
    Fault(
      "B15", "pinned-id-not-stored", "a pinned VM's renewed id is not stored",
      origin: "hisilicon/kernel-dev 057f86dcbfba", oracles: [.o1, .o8],
      soakedIn: "small-pins", exploredIn: "pinned-vm",
      .system(
        TagSystem(
          TagSystem.arm64VMIDPinned, with: "B15",
          .wrong(row: "B15", oracle: .o1, scenario: "small-pins"),
          ArmASID<InstrumentedLiveMachine, PinnedIDNotStored>.self,
          ArmASID<ControlledMachine, PinnedIDNotStored>.self)))
  ]
}
