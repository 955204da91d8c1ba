// KVM's VMID allocator on arm before 2021: its versions and their faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let kvmArmVersions: [TagSystem] = [kvmArmBare]

  /// KVM on arm before it shared the ASIDs' scheme.
  public static let kvmArmBare = TagSystem(
    "kvm-arm-bare", "KVM's VMID allocator on arm before 2021: a rollover throws all guests out",
    source: "Linux virt/kvm/arm/arm.c, merged 2013, publication as of \(KVMArmBareSites.commit)",
    KVMArmBare<LiveMachine, KVMArmBareAsMerged>.self,
    KVMArmBare<InstrumentedLiveMachine, KVMArmBareAsMerged>.self,
    KVMArmBare<ControlledMachine, KVMArmBareAsMerged>.self)
}

extension Fault {
  /// Its faults.
  static let ofKVMArm: [Fault] = [
    Fault(
      "B37", "generation-published-first", "a VM's generation is published before its number",
      origin: "f0cf47d939d0", oracles: [.o1, .o2, .o7],
      exploredIn: "old-r1",
      .system(wrong("B37", .o1, GenerationFirst.self)))
  ]

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
