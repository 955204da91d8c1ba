// KVM's VMID allocator on arm64: its versions and their faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let arm64VMIDVersions: [TagSystem] = [
    arm64VMID, arm64VMIDv1, arm64VMIDv2, arm64VMIDv3, arm64VMIDLoad, arm64VMIDVHE, arm64VMIDWill,
    arm64VMIDPinned,
  ]

  /// KVM on arm64, as merged.
  public static let arm64VMID = TagSystem(
    soakedBare: "arm64-vmid", "KVM's VMID allocator on arm64, v4 of the series, as merged",
    source: "Linux arch/arm64/kvm/vmid.c, \(Arm64VMIDSites.commit)",
    Arm64VMID<LiveMachine, Arm64VMIDAsMerged>.self,
    Arm64VMID<InstrumentedLiveMachine, Arm64VMIDAsMerged>.self,
    Arm64VMID<ControlledMachine, Arm64VMIDAsMerged>.self)

  /// v1 of the series.
  static let arm64VMIDv1 = TagSystem(
    unmeasured: "arm64-vmid-v1",
    "v1 of the arm64 VMID series: the ASIDs' scheme, with pins for devices",
    source: "linux-arm-kernel, 2021-05-06, <20210506165232.1969-1>",
    verdict: .wrong(row: "B18", oracle: .o9, scenario: "idle-pcpus"),
    ArmASID<InstrumentedLiveMachine, Arm64VMIDv1>.self,
    ArmASID<ControlledMachine, Arm64VMIDv1>.self)

  /// v2 of the series.
  static let arm64VMIDv2 = TagSystem(
    measured: "arm64-vmid-v2",
    "v2 of the arm64 VMID series: as the ASIDs, every pCPU flushes for itself",
    source: "linux-arm-kernel, 2021-06-16, <20210616155606.2806-1>",
    verdict: .wrong(row: "B18", oracle: .o9, scenario: "idle-pcpus"),
    Arm64VMID<LiveMachine, Arm64VMIDv2>.self,
    Arm64VMID<InstrumentedLiveMachine, Arm64VMIDv2>.self,
    Arm64VMID<ControlledMachine, Arm64VMIDv2>.self)

  /// v3 of the series.
  static let arm64VMIDv3 = TagSystem(
    measured: "arm64-vmid-v3", "v3 of the arm64 VMID series: a put leaves 0",
    source: "linux-arm-kernel, 2021-07-29, <20210729104009.382-1>",
    verdict: .wrong(row: "B14", oracle: .o9, scenario: "short-slices"),
    Arm64VMID<LiveMachine, Arm64VMIDv3>.self,
    Arm64VMID<InstrumentedLiveMachine, Arm64VMIDv3>.self,
    Arm64VMID<ControlledMachine, Arm64VMIDv3>.self)

  /// As merged, asked at load.
  static let arm64VMIDLoad = TagSystem(
    measured: "arm64-vmid-load",
    "KVM's VMID allocator on arm64 since 2025: the VMID is decided at vcpu_load",
    source: "Linux arch/arm64/kvm/arm.c, \(Arm64VMIDAtLoadSites.commit)",
    Arm64VMIDAtLoad<LiveMachine, Arm64VMIDLoadedOnce>.self,
    Arm64VMIDAtLoad<InstrumentedLiveMachine, Arm64VMIDLoadedOnce>.self,
    Arm64VMIDAtLoad<ControlledMachine, Arm64VMIDLoadedOnce>.self
  )
  .inScenarios(of: "arm64-vmid")

  /// As merged, stage 2 loaded too early.
  static let arm64VMIDVHE = TagSystem(
    unmeasured: "arm64-vmid-vhe-eager",
    "the same from 2023 to 2025: VHE loads stage 2 before the VMID is decided",
    source: "Linux arch/arm64/kvm/vhe/switch.c, 934bf871f011",
    verdict: .wrong(row: "B12", oracle: .o7, scenario: "both-new"),
    Arm64VMIDAtLoad<InstrumentedLiveMachine, Arm64VMIDEagerLoad>.self,
    Arm64VMIDAtLoad<ControlledMachine, Arm64VMIDEagerLoad>.self)

  /// The alternative to v3.
  static let arm64VMIDWill = TagSystem(
    measured: "arm64-vmid-will",
    "Will Deacon's alternative to v3: active first, then the generation",
    source: "linux-arm-kernel, 2021-08-03, answer to <20210729104009.382-1>",
    Arm64VMIDAtLoad<LiveMachine, Arm64VMIDActiveFirst>.self,
    Arm64VMIDAtLoad<InstrumentedLiveMachine, Arm64VMIDActiveFirst>.self,
    Arm64VMIDAtLoad<ControlledMachine, Arm64VMIDActiveFirst>.self
  )
  .inScenarios(of: "arm64-vmid")
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
      .system(unmeasured("B01S", .o2, FastPathStoresUnasked.self))),
    Fault(
      "B02", "scan-loads-then-stores", "the rollover's scan loads a slot, then stores 0",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "rollover", needsPauses: true,
      .system(wrong("B02", .o2, ScanLoadsThenStores.self))),
    Fault(
      "B04", "no-retest-under-lock", "whoever takes the lock allocates without looking again",
      origin: "synthetic", oracles: [.o1],
      exploredIn: "both-new", by: [.o8],
      .system(unmeasured("B04", .o1, NoRetestUnderLock.self))),
    Fault(
      "B06", "rollover-forgets-reserved", "a second rollover forgets who is still in the guest",
      origin: "ae120d9edfe9", oracles: [.o2, .o6],
      exploredIn: "two-rollovers",
      .system(unmeasured("B06", .o6, RolloverForgetsReserved.self))),
    Fault(
      "B06S", "reserved-not-taken", "a rollover hands out numbers that are still in use",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "rollover",
      .system(unmeasured("B06S", .o6, ReservedNotTaken.self))),
    Fault(
      "B07", "retag-stops-at-first", "an id is renewed for the first pCPU that holds it only",
      origin: "synthetic", oracles: [.o1],
      soakedIn: "retag-soak", exploredIn: "retag-first", by: [.o8],
      .system(unmeasured("B07", .o1, RetagStopsAtFirst.self))),
    Fault(
      "B09", "no-flush-at-rollover", "nothing is flushed when the numbers start anew",
      origin: "synthetic", oracles: [.o3, .o4, .o5],
      exploredIn: "rollover",
      .system(unmeasured("B09", .o5, NoFlushAtRollover.self))),
    Fault(
      "B10", "flush-not-awaited", "a rollover does not wait for its flush",
      origin: "synthetic", oracles: [.o4, .o5],
      exploredIn: "rollover",
      .system(unmeasured("B10", .o5, FlushNotAwaited.self))),
    Fault(
      "B11", "number-zero", "number 0 is handed out",
      origin: "synthetic", oracles: [.o7],
      exploredIn: "rollover",
      .system(unmeasured("B11", .o7, NumberZero.self))),
    Fault(
      "B12", "stage-2-before-vmid", "stage 2 is loaded before the VM has an id",
      origin: "934bf871f011, fixed by fa808ed4e199", oracles: [.o1, .o7],
      exploredIn: "both-new",
      .version(.arm64VMIDVHE, of: .arm64VMID)),
    Fault(
      "B13", "marker-over-pending-flush", "a put wipes out that a flush is pending",
      origin: "synthetic, and a design for RISC-V", oracles: [.o3, .o4],
      exploredIn: "pending-flush",
      .system(
        TagSystem(
          .arm64VMIDv2, with: "B13", .wrong(row: "B13", oracle: .o3, scenario: "small"),
          Arm64VMID<InstrumentedLiveMachine, MarkerOverPendingFlush>.self,
          Arm64VMID<ControlledMachine, MarkerOverPendingFlush>.self))),
    Fault(
      "B14", "put-stores-0", "a put sends the next entry to the lock",
      origin: "v3 of the series, 2021-07-29", oracles: [.o9],
      soakedIn: "short-slices", exploredIn: "rollover", detection: .soak,
      .version(.arm64VMIDv3, of: .arm64VMID)),
    Fault(
      "B18", "active-never-cleared", "pCPUs keep the numbers of what they ran last",
      origin: "v2 of the series, 2021-06-16", oracles: [.o9],
      soakedIn: "idle-pcpus", exploredIn: "rollover", detection: .soak,
      .version(.arm64VMIDv2, of: .arm64VMID)),
    Fault(
      "B19", "put-before-context-dead", "the slot is cleared while the hardware still has the VM",
      origin: "synthetic", oracles: [.o3],
      exploredIn: "leaving",
      .world({ $0.putBeforeContextDead = true }, .arm64VMID)),
    Fault(
      "B21", "preemptible-update",
      "another task may run between the look at the slot and the claim",
      origin: "synthetic", oracles: [.o2, .o8],
      exploredIn: "preempted", detection: .exploration,
      .system(unmeasured("B21", .o2, PreemptibleUpdate.self))),
    Fault(
      "B20", "direct-switch", "one VM follows the other without a put between them",
      origin: "the question of the v4 cover letter", oracles: [.o3],
      exploredIn: "direct-switch",
      .world({ $0.directSwitch = true }, .arm64VMID)),
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
      "B25", "one-number-too-many", "the search for a number ends one too late",
      origin: "synthetic", oracles: [.o7],
      exploredIn: "last-number",
      .system(unmeasured("B25", .o7, OneNumberTooMany.self))),
    Fault(
      "B26", "short-generations", "generations are compared in 32 bits",
      origin: "synthetic", oracles: [.o2, .o8],
      exploredIn: "old-ids", detection: .exploration,
      .system(unmeasured("B26", .o2, ShortGenerations.self))),
    Fault(
      // In the first generation the id of a VM that never had one looks current, too: O7.
      "B26S", "shift-off-by-one", "the comparison of generations drops a bit",
      origin: "synthetic", oracles: [.o2, .o7, .o8],
      exploredIn: "two-rollovers",
      .system(unmeasured("B26S", .o2, ShiftOffByOne.self))),
    Fault(
      "B28", "active-after-unlock", "the slow path publishes after it has given the lock back",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "last-number", needsPauses: true,
      .system(wrong("B28", .o2, ActiveAfterUnlock.self))),
    Fault(
      "B30", "vcpus-not-private", "a vCPU finds what another one of its VM has left",
      origin: "synthetic", oracles: [.o12],
      exploredIn: "other-vcpu",
      .system(
        atLoad("B30", .wrong(row: "B30", oracle: .o12, scenario: "small"), VCPUsNotPrivate.self))),
    Fault(
      "B30S", "drops-under-old-register", "what another vCPU has left is dropped too early",
      origin: "synthetic", oracles: [.o12],
      exploredIn: "other-vcpu",
      .system(
        atLoad(
          "B30S", .wrong(row: "B30S", oracle: .o12, scenario: "small"), DropsUnderOldRegister.self))
    ),
    Fault(
      "B30E", "drops-before-update", "the same, but under the VM's own id: equivalent",
      origin: "the order before fa808ed4e199", oracles: [],
      exploredIn: "other-vcpu", detection: .equivalent,
      .system(atLoad("B30E", .clean, DropsBeforeUpdate.self))),
    Fault(
      "H01", "no-lock", "the slow path goes without its lock",
      origin: "synthetic", oracles: [.o1, .o2, .o3, .o4, .o5, .o6, .o8, .o9],
      exploredIn: "rollover", by: [.race],
      .system(unmeasured("H01", .o2, NoLock.self))),
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
      .system(unmeasured("H03", .o9, LockLeak.self))),
    Fault(
      "H04", "flush-never-ends", "a rollover waits for its flush for ever",
      origin: "synthetic", oracles: [.o5, .o9],
      exploredIn: "rollover",
      .system(unmeasured("H04", .o5, FlushNeverEnds.self))),
    Fault(
      "H06", "scan-of-online-pcpus", "a rollover visits the pCPUs that were online when it began",
      origin: "synthetic", oracles: [.o2, .o6],
      exploredIn: "hotplug", detection: .exploration,
      .system(unmeasured("H06", .o2, ScanOfOnlinePCPUs.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: Arm64VMIDRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type
  ) -> TagSystem {
    version(row, .wrong(row: row, oracle: oracle, scenario: "small"), rules)
  }

  @inline(__always)
  private static func unmeasured<Rules: Arm64VMIDRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      .arm64VMID, with: row, .wrong(row: row, oracle: oracle, scenario: "small"),
      Arm64VMID<InstrumentedLiveMachine, Rules>.self, Arm64VMID<ControlledMachine, Rules>.self)
  }

  @inline(__always)
  private static func atLoad<Rules: Arm64VMIDAtLoadRules>(
    _ row: String, _ verdict: ExpectedVerdict, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      .arm64VMIDLoad, with: row, verdict,
      Arm64VMIDAtLoad<InstrumentedLiveMachine, Rules>.self,
      Arm64VMIDAtLoad<ControlledMachine, Rules>.self)
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
    ArmASID<ControlledMachine, Arm64VMIDPinned>.self
  )
  .inScenarios(of: "arm64-vmid")
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
