// Xen's allocators: versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let xenVersions: [TagSystem] = [
    xenRISCVPosted, xenRISCVBitmap, xenRISCV, xenRISCVFixed, xenX86ASID, xenArm,
  ]

  /// The bitmap for RISC-V, as posted.
  public static let xenRISCVPosted = TagSystem(
    unmeasured: "xen-riscv-v2", "Xen's VMID bitmap for RISC-V, as it was posted for review",
    source: "xen-devel June 2025, [PATCH v2 03/17] xen/riscv: VMID allocation",
    verdict: .wrong(row: "B50", oracle: .o4, scenario: "xen-small"),
    XenBitmap<InstrumentedLiveMachine, XenBitmapAsPosted>.self,
    XenBitmap<ControlledMachine, XenBitmapAsPosted>.self)

  /// The bitmap for RISC-V, as its review wants it.
  public static let xenRISCVBitmap = TagSystem(
    "xen-riscv-bitmap", "Xen's VMID bitmap for RISC-V, as its review wants it",
    source: "xen-devel June 2025, review of [PATCH v2 03/17] xen/riscv: VMID allocation",
    XenBitmap<LiveMachine, XenBitmapAsReviewed>.self,
    XenBitmap<InstrumentedLiveMachine, XenBitmapAsReviewed>.self,
    XenBitmap<ControlledMachine, XenBitmapAsReviewed>.self
  )
  .soaked(on: "xen-small")

  /// VMIDs per hart, as merged.
  public static let xenRISCV = TagSystem(
    unmeasured: "xen-riscv", "Xen's VMIDs per hart on RISC-V, as merged",
    source: "Xen xen/arch/riscv/vmid.c, bff3b9ea46, with the context switch of 40e5a4ee55",
    verdict: .wrong(row: "B63", oracle: .o3, scenario: "xen-migration"),
    XenPerCPU<InstrumentedLiveMachine, XenRISCVAsMerged>.self,
    XenPerCPU<ControlledMachine, XenRISCVAsMerged>.self)

  /// VMIDs per hart that are reset when a vCPU moves.
  public static let xenRISCVFixed = TagSystem(
    "xen-riscv-fixed", "Xen's VMIDs per hart on RISC-V, reset at migration, flushing when off",
    source: "Xen xen/arch/riscv/vmid.c, bff3b9ea46, with what x86 does around it",
    XenPerCPU<LiveMachine, XenRISCVRepaired>.self,
    XenPerCPU<InstrumentedLiveMachine, XenRISCVRepaired>.self,
    XenPerCPU<ControlledMachine, XenRISCVRepaired>.self)

  /// ASIDs and VPIDs per pCPU.
  public static let xenX86ASID = TagSystem(
    "xen-x86-asid", "Xen's ASIDs and VPIDs per pCPU on x86",
    source: "Xen xen/arch/x86/hvm/asid.c, since 7aab6d6523, as of 4.21",
    XenPerCPU<LiveMachine, XenX86AsMerged>.self,
    XenPerCPU<InstrumentedLiveMachine, XenX86AsMerged>.self,
    XenPerCPU<ControlledMachine, XenX86AsMerged>.self
  )
  .inScenarios(of: "xen-riscv-fixed")

  /// VMIDs on Arm.
  public static let xenArm = TagSystem(
    "xen-arm", "Xen's VMID bitmap on Arm, flushed before each number's first use",
    source: "Xen xen/arch/arm/p2m.c and xen/arch/arm/mmu/p2m.c, as of 4.20",
    XenArm<LiveMachine>.self, XenArm<InstrumentedLiveMachine>.self,
    XenArm<ControlledMachine>.self
  )
  .inScenarios(of: "xen-riscv-bitmap").soaked(on: "xen-small")
}

extension Fault {
  /// Its faults.
  static let ofXen: [Fault] = [
    Fault(
      "B46", "flush-one-number", "a new generation flushes its first number only",
      origin: "Xen 64b1da5a2f, repaired by 68871b1f9b", oracles: [.o3, .o4],
      exploredIn: "xen-wrap",
      .system(
        TagSystem(
          .xenX86ASID, with: "B46", .wrong(row: "B46", oracle: .o3, scenario: "small"),
          XenPerCPU<InstrumentedLiveMachine, FlushOneNumber>.self,
          XenPerCPU<ControlledMachine, FlushOneNumber>.self))),
    Fault(
      "B50", "flush-of-nobody", "a number's reuse is flushed where its new owner ran: nowhere",
      origin: "xen-devel June 2025, review of [PATCH v2 03/17] xen/riscv: VMID allocation",
      oracles: [.o3, .o4],
      soakedIn: "xen-small", exploredIn: "xen-reuse",
      .version(.xenRISCVPosted, of: .xenRISCVBitmap)),
    Fault(
      "B63", "number-migrates", "a vCPU that moves keeps the number of the pCPU it leaves",
      origin: "Xen bff3b9ea46", oracles: [.o3, .o4],
      soakedIn: "xen-small", exploredIn: "xen-migration", detection: .exploration,
      .version(.xenRISCV, of: .xenRISCVFixed)),
    Fault(
      "B65", "no-numbers-no-flush", "without numbers nothing is flushed between two guests",
      origin: "Xen bff3b9ea46", oracles: [.o3, .o4],
      soakedIn: "xen-off", exploredIn: "xen-switch-off",
      .version(.xenRISCV, of: .xenRISCVFixed)),
    Fault(
      "B66", "width-not-probed", "the widest VMID that may be is taken for the one that is",
      origin: "xen-devel June 2025, review of [PATCH v2 03/17] xen/riscv: VMID allocation",
      oracles: [.o3, .o7],
      soakedIn: "xen-narrow", exploredIn: "xen-width",
      .system(
        TagSystem(
          .xenRISCVFixed, with: "B66", .wrong(row: "B66", oracle: .o7, scenario: "xen-narrow"),
          XenPerCPU<InstrumentedLiveMachine, WidthNotProbed>.self,
          XenPerCPU<ControlledMachine, WidthNotProbed>.self))),
    Fault(
      "B67", "nobody-thrown-out", "a flush takes the numbers away and lets the guests run on",
      origin: "hardening in Xen a798bac54f", oracles: [.o4],
      soakedIn: "xen-unmaps", exploredIn: "xen-unmap",
      .system(
        TagSystem(
          .xenX86ASID, with: "B67", .wrong(row: "B67", oracle: .o4, scenario: "xen-unmaps"),
          XenPerCPU<InstrumentedLiveMachine, NobodyThrownOut>.self,
          XenPerCPU<ControlledMachine, NobodyThrownOut>.self))),
    Fault(
      "B68", "freed-twice", "a creation that fails frees a number that is not its own",
      origin: "synthetic, after the review of [PATCH v2 03/17] xen/riscv: VMID allocation",
      oracles: [.o2, .o3, .o11],
      soakedIn: "xen-small", exploredIn: "xen-churn",
      .system(wrong("B68", .o11, "xen-small", FreedTwice.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: XenBitmapRules>(
    _ row: String, _ oracle: OracleID, _ scenario: String, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      .xenRISCVBitmap, with: row, .wrong(row: row, oracle: oracle, scenario: scenario),
      XenBitmap<InstrumentedLiveMachine, Rules>.self, XenBitmap<ControlledMachine, Rules>.self)
  }
}
