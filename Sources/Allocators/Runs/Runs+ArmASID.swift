// ASID allocators of the scheme that arm64 and its relatives share: versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let armASIDVersions: [TagSystem] = [
    arm64ASID, arm64ASIDPinned, arm64ASIDCnP, arm64ASIDBeforeFix, armASID, riscvASID,
    armASIDCounter,
  ]

  private static let arm64File = "Linux arch/arm64/mm/context.c"

  /// Processes on arm64.
  public static let arm64ASID = TagSystem(
    "arm64-asid", "the ASID allocator of arm64: rollovers order flushes, each pCPU makes its own",
    source: "\(arm64File), \(ArmASIDSites.commit)",
    ArmASID<LiveMachine, Arm64ASID>.self, ArmASID<InstrumentedLiveMachine, Arm64ASID>.self,
    ArmASID<ControlledMachine, Arm64ASID>.self)

  /// The same with pins.
  public static let arm64ASIDPinned = TagSystem(
    "arm64-asid-pinned", "the ASID allocator of arm64 with numbers that devices have pinned",
    source: "\(arm64File), \(ArmASIDSites.commit)",
    ArmASID<LiveMachine, Arm64ASIDPinned>.self,
    ArmASID<InstrumentedLiveMachine, Arm64ASIDPinned>.self,
    ArmASID<ControlledMachine, Arm64ASIDPinned>.self
  )
  .inScenarios(of: "arm64-asid")

  /// The same on hardware threads that share a TLB.
  public static let arm64ASIDCnP = TagSystem(
    "arm64-asid-cnp", "the ASID allocator of arm64 on hardware threads that share a TLB (CnP)",
    source: "\(arm64File), \(ArmASIDSites.commit); neutral table first since 5ffdfaedfa0a",
    ArmASID<LiveMachine, Arm64ASIDCnP>.self, ArmASID<InstrumentedLiveMachine, Arm64ASIDCnP>.self,
    ArmASID<ControlledMachine, Arm64ASIDCnP>.self
  )
  .inScenarios(of: "arm64-asid")

  /// arm64 until 2017.
  static let arm64ASIDBeforeFix = TagSystem(
    unmeasured: "arm64-asid-2015",
    "the ASID allocator of arm64 until a8ffaaa060b8: its fast path overwrites a 0",
    source: "\(arm64File), 5aec715d7d31 to a8ffaaa060b8",
    verdict: .wrong(row: "B03", oracle: .o3, scenario: "switch-r2"),
    ArmASID<InstrumentedLiveMachine, Arm64ASIDBeforeFix>.self,
    ArmASID<ControlledMachine, Arm64ASIDBeforeFix>.self)

  /// 32-bit ARM.
  static let armASID = TagSystem(
    unmeasured: "arm-asid",
    "the ASID allocator of 32-bit ARM without LPAE: its fast path overwrites a 0 still",
    source: "Linux arch/arm/mm/context.c, \(ArmASIDSites.commit)",
    verdict: .wrong(row: "B03A", oracle: .o2, scenario: "switch-back"),
    ArmASID<InstrumentedLiveMachine, Arm32ASID>.self,
    ArmASID<ControlledMachine, Arm32ASID>.self)

  /// RISC-V.
  public static let riscvASID = TagSystem(
    "riscv-asid", "the ASID allocator of RISC-V: a pCPU flushes after it has switched",
    source: "Linux arch/riscv/mm/context.c, 9b44fff655e2",
    ArmASID<LiveMachine, RISCVASID>.self, ArmASID<InstrumentedLiveMachine, RISCVASID>.self,
    ArmASID<ControlledMachine, RISCVASID>.self
  )
  .inScenarios(of: "arm64-asid")
}

extension TagSystem {
  /// 32-bit ARM before 2012.
  public static let armASIDCounter = TagSystem(
    "arm-asid-counter", "the ASID allocator of 32-bit ARM before 2012: a counter, and calls to all",
    source: "Linux arch/arm/mm/context.c, \(ArmASIDCounterSites.commit), with 8678c1f04277",
    ArmASIDCounter<LiveMachine, ArmASIDCounterAsFixed>.self,
    ArmASIDCounter<InstrumentedLiveMachine, ArmASIDCounterAsFixed>.self,
    ArmASIDCounter<ControlledMachine, ArmASIDCounterAsFixed>.self
  )
  .inScenarios(of: "arm64-asid")
}

extension Fault {
  /// Its faults.
  static let ofArmASID: [Fault] = [
    Fault(
      "B03", "fast-path-exchanges", "the fast path exchanges its slot, and overwrites a 0",
      origin: "a8ffaaa060b8", oracles: [.o2, .o3, .o6],
      exploredIn: "switch-r2",
      .version(.arm64ASIDBeforeFix, of: .arm64ASID)),
    Fault(
      "B03A", "fast-path-exchanges-arm", "the same on 32-bit ARM, where it still is so",
      origin: "a8ffaaa060b8, not on arm", oracles: [.o2, .o3, .o6],
      exploredIn: "switch-back", detection: .exploration,
      .version(.armASID, of: .arm64ASID)),
    Fault(
      "B06A", "reserved-forgotten-at-switch",
      "a second rollover forgets a process that has not switched since the first",
      origin: "ae120d9edfe9", oracles: [.o2, .o6],
      exploredIn: "switch-two-rollovers",
      .system(wrong(.arm64ASID, "B06A", .o6, ReservedForgottenAtSwitch.self))),
    Fault(
      "B16", "too-many-pins", "so many numbers may be pinned that a rollover finds none",
      origin: "synthetic", oracles: [.o7, .o9],
      soakedIn: "small-pins", exploredIn: "pins",
      .system(wrong(.arm64ASIDPinned, "B16", .o9, in: "small-pins", TooManyPins.self))),
    Fault(
      "B33", "no-neutral-context", "the old context is live while a switch decides, TLBs shared",
      origin: "5ffdfaedfa0a", oracles: [.o3],
      exploredIn: "shared-tlb", detection: .exploration,
      .system(wrong(.arm64ASIDCnP, "B33", .o3, in: "shared-tlb", NoNeutralContext.self))),
    Fault(
      "B35", "kept-unseen", "a thread that comes back keeps the number that the hardware has",
      origin: "8678c1f04277", oracles: [.o1, .o4],
      soakedIn: "small-lazy", exploredIn: "lazy", by: [.o2],
      .system(
        TagSystem(
          TagSystem.armASIDCounter, with: "B35",
          .wrong(row: "B35", oracle: .o1, scenario: "small-lazy"),
          ArmASIDCounter<InstrumentedLiveMachine, KeptUnseen>.self,
          ArmASIDCounter<ControlledMachine, KeptUnseen>.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: ArmASIDRules>(
    _ system: TagSystem, _ row: String, _ oracle: OracleID, in scenario: String = "small",
    _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      system, with: row, .wrong(row: row, oracle: oracle, scenario: scenario),
      ArmASID<InstrumentedLiveMachine, Rules>.self, ArmASID<ControlledMachine, Rules>.self)
  }
}
