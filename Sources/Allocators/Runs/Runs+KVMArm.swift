// KVM's VMID allocators on arm before 2021 and on RISC-V: versions and their faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let kvmArmVersions: [TagSystem] = [
    kvmArmBare, kvmArm, kvmArmAsking, kvmArm2012, kvmArm2013, kvmArm2018, riscvKVM,
    riscvKVMAsMerged,
  ]

  /// KVM on arm before it shared the ASIDs' scheme, without its calls.
  public static let kvmArmBare = TagSystem(
    "kvm-arm-bare", "KVM's VMID allocator on arm before 2021: a rollover throws all guests out",
    source: "Linux virt/kvm/arm/arm.c, merged 2013, publication as of \(KVMArmBareSites.commit)",
    KVMArmBare<LiveMachine, KVMArmBareAsMerged>.self,
    KVMArmBare<InstrumentedLiveMachine, KVMArmBareAsMerged>.self,
    KVMArmBare<ControlledMachine, KVMArmBareAsMerged>.self
  )
  .alsoIn("kvm-arm-rollover", "kvm-arm-r2", "kvm-arm-tlb")

  /// KVM on arm before it shared the ASIDs' scheme.
  public static let kvmArm = TagSystem(
    "kvm-arm", "KVM's VMID allocator on arm before 2021: a rollover calls all pCPUs",
    source: "Linux virt/kvm/arm/arm.c, \(KVMArmSites.commit)",
    KVMArm<LiveMachine, KVMArmLockless>.self,
    KVMArm<InstrumentedLiveMachine, KVMArmLockless>.self,
    KVMArm<ControlledMachine, KVMArmLockless>.self)

  /// The same with a rollover that asks who must be called.
  public static let kvmArmAsking = TagSystem(
    measured: "kvm-arm-asking", "as kvm-arm, but a rollover calls only pCPUs in their guests",
    source: "of kvm-arm and kvm_make_all_cpus_request (Linux virt/kvm/kvm_main.c)",
    KVMArm<LiveMachine, KVMArmAsking>.self,
    KVMArm<InstrumentedLiveMachine, KVMArmAsking>.self,
    KVMArm<ControlledMachine, KVMArmAsking>.self
  )
  .inScenarios(of: "kvm-arm")

  /// Before it was merged.
  public static let kvmArm2012 = TagSystem(
    unmeasured: "kvm-arm-2012", "KVM's VMID allocator on arm before its merge: no second look",
    source: "linux-arm-kernel, [PATCH v4 08/14] KVM: ARM: World-switch implementation, Nov 2012",
    verdict: .wrong(row: "B36", oracle: .o1, scenario: "kvm-arm-2012-mail"),
    KVMArm<InstrumentedLiveMachine, KVMArm2012>.self, KVMArm<ControlledMachine, KVMArm2012>.self)

  /// As merged.
  public static let kvmArm2013 = TagSystem(
    unmeasured: "kvm-arm-2013", "KVM's VMID allocator on arm as merged: the generation goes first",
    source: "Linux 3.9 arch/arm/kvm/arm.c; until f0cf47d939d0",
    verdict: .wrong(row: "B37K", oracle: .o1, scenario: "kvm-arm-sibling"),
    KVMArm<InstrumentedLiveMachine, KVMArm2013>.self, KVMArm<ControlledMachine, KVMArm2013>.self)

  /// With a lock that readers share.
  public static let kvmArm2018 = TagSystem(
    unmeasured: "kvm-arm-2018-rwlock",
    "KVM's VMID allocator on arm for some months: a lock that the last look does not take",
    source: "Linux virt/kvm/arm/arm.c, f0cf47d939d0; until fb544d1ca65a",
    verdict: .wrong(row: "B39", oracle: .o1, scenario: "kvm-arm-sibling"),
    KVMArm<InstrumentedLiveMachine, KVMArm2018>.self, KVMArm<ControlledMachine, KVMArm2018>.self)

  /// KVM on RISC-V, put right.
  public static let riscvKVM = TagSystem(
    "riscv-kvm", "KVM's VMID allocator on RISC-V, requests made before the version is published",
    source: "Linux arch/riscv/kvm/vmid.c, with one step moved",
    RISCVKVM<LiveMachine, RISCVKVMRequestFirst>.self,
    RISCVKVM<InstrumentedLiveMachine, RISCVKVMRequestFirst>.self,
    RISCVKVM<ControlledMachine, RISCVKVMRequestFirst>.self)

  /// KVM on RISC-V.
  public static let riscvKVMAsMerged = TagSystem(
    unmeasured: "riscv-kvm-as-merged", "KVM's VMID allocator on RISC-V, requests made last",
    source: "Linux arch/riscv/kvm/vmid.c and vcpu.c, 9b44fff655e2",
    verdict: .wrong(row: "B44R", oracle: .o1, scenario: "riscv-sibling"),
    RISCVKVM<InstrumentedLiveMachine, RISCVKVMAsMerged>.self,
    RISCVKVM<ControlledMachine, RISCVKVMAsMerged>.self)
}

extension Fault {
  /// Its faults.
  static let ofKVMArm: [Fault] = [
    Fault(
      "B37", "generation-published-first", "a VM's generation is published before its number",
      origin: "f0cf47d939d0", oracles: [.o1, .o2, .o7],
      exploredIn: "old-r1",
      .system(wrong("B37", .o1, GenerationFirst.self))),
    Fault(
      "B36", "no-second-look", "whoever takes the lock takes a number, whoever came first",
      origin: "linux-arm-kernel, 30 Nov 2012", oracles: [.o1],
      exploredIn: "kvm-arm-sibling",
      .version(.kvmArm2012, of: .kvmArm)),
    Fault(
      "B37K", "generation-published-first", "a VM's generation is published before its number",
      origin: "f0cf47d939d0", oracles: [.o1, .o2],
      exploredIn: "kvm-arm-sibling", by: [.o7],
      .version(.kvmArm2013, of: .kvmArm)),
    Fault(
      "B39", "last-look-without-lock", "the last look falls between generation and number",
      origin: "fb544d1ca65a", oracles: [.o1, .o2],
      exploredIn: "kvm-arm-sibling", detection: .exploration,
      .version(.kvmArm2018, of: .kvmArm)),
    Fault(
      "B41", "no-last-look", "the generation is not tested again with interrupts off",
      origin: "synthetic", oracles: [.o2],
      exploredIn: "kvm-arm-rollover",
      .system(wrongWhole("B41", .o2, NoLastLook.self))),
    Fault(
      "B43", "mark-without-barrier", "nothing orders the mark of an entry before the last look",
      origin: "synthetic", oracles: [.o2],
      exploredIn: "kvm-arm-rollover", detection: .soak,
      .system(
        TagSystem(
          TagSystem.kvmArm, with: "B43", .wrong(row: "B43", oracle: .o2, scenario: "small"),
          KVMArm<LiveMachine, MarkWithoutBarrier>.self,
          KVMArm<InstrumentedLiveMachine, MarkWithoutBarrier>.self,
          KVMArm<ControlledMachine, MarkWithoutBarrier>.self))),
    Fault(
      "H05", "lock-without-interrupts", "the lock is taken with interrupts off",
      origin: "synthetic", oracles: [.o9],
      exploredIn: "kvm-arm-rollover",
      .system(wrongWhole("H05", .o9, LockWithoutInterrupts.self))),
    Fault(
      "B44R", "reload-requested-last", "the version is published before registers are asked for",
      origin: "arch/riscv/kvm/vmid.c, our reading", oracles: [.o1, .o2, .o3, .o4, .o7],
      exploredIn: "riscv-sibling",
      .version(.riscvKVMAsMerged, of: .riscvKVM)),
    Fault(
      "B47", "fence-that-stays-out", "a rollover flushes from outside and throws nobody out",
      origin: "arch/riscv/kvm/vmid.c before Linux 5.19", oracles: [.o2, .o5],
      exploredIn: "riscv-rollover",
      .system(
        TagSystem(
          TagSystem.riscvKVM, with: "B47", .wrong(row: "B47", oracle: .o2, scenario: "small"),
          RISCVKVM<InstrumentedLiveMachine, FenceThatStaysOut>.self,
          RISCVKVM<ControlledMachine, FenceThatStaysOut>.self))),
  ]

  @inline(__always)
  private static func wrongWhole<Rules: KVMArmRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      TagSystem.kvmArm, with: row, .wrong(row: row, oracle: oracle, scenario: "small"),
      KVMArm<InstrumentedLiveMachine, Rules>.self, KVMArm<ControlledMachine, Rules>.self)
  }

  @inline(__always)
  private static func wrong<Rules: KVMArmBareRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type
  ) -> TagSystem {
    version(row, .wrong(row: row, oracle: oracle, scenario: "small"), rules)
  }

  @inline(__always)
  private static func version<Rules: KVMArmBareRules>(
    _ row: String, _ verdict: ExpectedVerdict, _ rules: Rules.Type
  ) -> TagSystem {
    TagSystem(
      TagSystem.kvmArmBare, with: row, verdict,
      KVMArmBare<LiveMachine, Rules>.self, KVMArmBare<InstrumentedLiveMachine, Rules>.self,
      KVMArmBare<ControlledMachine, Rules>.self)
  }
}
