// KVM's ASID allocators for SVM, and VPIDs for reference: versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let svmVersions: [TagSystem] = [
    svmDynamic, svmDynamicWithoutFlushByASID, svmStatic, svmStaticWithoutFlushByASID, svmPerVCPU,
    vmxVPID,
  ]

  private static let posted = "<20250326193619.3714986-1-yosry.ahmed@linux.dev>"

  /// Each pCPU hands out its own.
  public static let svmDynamic = TagSystem(
    "svm-dynamic", "KVM's ASIDs for SVM: each pCPU hands out its own and flushes when they run out",
    source: "Linux arch/x86/kvm/svm/svm.c, before \(posted)",
    SVMDynamic<LiveMachine, SVMDynamicAsMerged>.self,
    SVMDynamic<InstrumentedLiveMachine, SVMDynamicAsMerged>.self,
    SVMDynamic<ControlledMachine, SVMDynamicAsMerged>.self
  )
  .inScenarios(of: "svm-static")

  /// The same where a flush is a new number.
  public static let svmDynamicWithoutFlushByASID = TagSystem(
    measured: "svm-dynamic-no-flushbyasid",
    "svm-dynamic on pCPUs that cannot flush one ASID: a new number instead",
    source: "Linux arch/x86/kvm/svm/svm.c, before \(posted)",
    SVMDynamic<LiveMachine, SVMDynamicWithoutFlushByASID>.self,
    SVMDynamic<InstrumentedLiveMachine, SVMDynamicWithoutFlushByASID>.self,
    SVMDynamic<ControlledMachine, SVMDynamicWithoutFlushByASID>.self
  )
  .inScenarios(of: "svm-static")

  /// One ASID for each VM.
  public static let svmStatic = TagSystem(
    "svm-static", "KVM's ASIDs for SVM, reworked: one for each VM's life, a fallback for the rest",
    source: "\(posted), patches 1-10; freed ASIDs are unregistered, the fallback is never freed",
    SVMStatic<LiveMachine, SVMStaticAsPosted>.self,
    SVMStatic<InstrumentedLiveMachine, SVMStaticAsPosted>.self,
    SVMStatic<ControlledMachine, SVMStaticAsPosted>.self)

  /// The same where everything is flushed.
  public static let svmStaticWithoutFlushByASID = TagSystem(
    measured: "svm-static-no-flushbyasid",
    "svm-static on pCPUs that cannot flush one ASID: everything instead",
    source: "\(posted), patch 4",
    SVMStatic<LiveMachine, SVMStaticWithoutFlushByASID>.self,
    SVMStatic<InstrumentedLiveMachine, SVMStaticWithoutFlushByASID>.self,
    SVMStatic<ControlledMachine, SVMStaticWithoutFlushByASID>.self
  )
  .inScenarios(of: "svm-static")

  /// One ASID for each vCPU.
  public static let svmPerVCPU = TagSystem(
    "svm-vcpu", "KVM's ASIDs for SVM, reworked: one for each vCPU's life, a fallback for the rest",
    source: "the review of \(posted): ASIDs as VPIDs are",
    SVMStatic<LiveMachine, SVMPerVCPU>.self,
    SVMStatic<InstrumentedLiveMachine, SVMPerVCPU>.self,
    SVMStatic<ControlledMachine, SVMPerVCPU>.self
  )
  .inScenarios(of: "svm-static")

  /// One VPID for each vCPU.
  public static let vmxVPID = TagSystem(
    "vmx-vpid", "KVM's VPIDs for VMX: one for each vCPU's life, none for the rest",
    source: "Linux arch/x86/kvm/vmx/vmx.c; the factory of \(posted), patch 1",
    VMXVPID<LiveMachine, VMXVPIDAsMerged>.self,
    VMXVPID<InstrumentedLiveMachine, VMXVPIDAsMerged>.self,
    VMXVPID<ControlledMachine, VMXVPIDAsMerged>.self
  )
  .inScenarios(of: "svm-static")
}

extension Fault {
  /// Its faults.
  static let ofSVM: [Fault] = [
    Fault(
      "B38", "dead-vcpus-stay-in-maps", "a new vCPU at a dead one's address, with its ASID, is it",
      origin: "<20250326193619.3714986-11-yosry.ahmed@linux.dev>, less the other flushes",
      oracles: [.o3, .o4], exploredIn: "svm-reuse",
      .system(wrong("B38", .o4, DeadVCPUsStayInMaps.self, .svmStatic))),
    Fault(
      "B48", "arrival-without-flush", "a vCPU that comes back to a pCPU does not flush there",
      origin: "synthetic", oracles: [.o4], exploredIn: "svm-arrival",
      .system(wrong("B48", .o4, ArrivalWithoutFlush.self, .svmStatic))),
    Fault(
      "B49", "sibling-without-flush", "a vCPU does not flush when a sibling ran here last",
      origin: "synthetic", oracles: [.o12], exploredIn: "svm-siblings",
      .system(wrong("B49", .o12, SiblingWithoutFlush.self, .svmStatic))),
    Fault(
      "B51", "fallback-without-flush", "a run under the fallback ASID does not flush",
      origin: "synthetic", oracles: [.o3, .o4], exploredIn: "svm-fallback",
      .system(wrong("B51", .o3, FallbackWithoutFlush.self, .svmPerVCPU))),
    Fault(
      "B52", "fallback-freed", "a VM's end frees the fallback ASID, which others have, too",
      origin: "<20250326193619.3714986-11-yosry.ahmed@linux.dev>", oracles: [.o11],
      exploredIn: "svm-fallback-ends",
      .system(wrong("B52", .o11, FallbackFreed.self, .svmStatic))),
    Fault(
      "B53", "flush-dropped", "where one ASID cannot be flushed nothing is",
      origin: "synthetic", oracles: [.o4], exploredIn: "svm-no-flushbyasid",
      .system(wrong("B53", .o4, FlushDropped.self, .svmStaticWithoutFlushByASID))),
    Fault(
      "B62", "aborted-entry-forgets-flush", "an entry that is not made clears the flush it had",
      origin: "synthetic", oracles: [.o4], exploredIn: "svm-aborted",
      .system(
        TagSystem(
          .svmDynamic, with: "B62", .wrong(row: "B62", oracle: .o4, scenario: "small"),
          SVMDynamic<InstrumentedLiveMachine, AbortedEntryForgetsFlush>.self,
          SVMDynamic<ControlledMachine, AbortedEntryForgetsFlush>.self))),
    Fault(
      "B70", "no-vpid-is-a-tag", "who has no VPID runs under 0 as if it were one",
      origin: "synthetic", oracles: [.o3, .o7], exploredIn: "vpid-off",
      .system(
        TagSystem(
          .vmxVPID, with: "B70", .wrong(row: "B70", oracle: .o7, scenario: "small"),
          VMXVPID<InstrumentedLiveMachine, NoVPIDIsATag>.self,
          VMXVPID<ControlledMachine, NoVPIDIsATag>.self))),
  ]

  @inline(__always)
  private static func wrong<Rules: SVMStaticRules>(
    _ row: String, _ oracle: OracleID, _ rules: Rules.Type, _ right: TagSystem
  ) -> TagSystem {
    TagSystem(
      right, with: row, .wrong(row: row, oracle: oracle, scenario: "small"),
      SVMStatic<InstrumentedLiveMachine, Rules>.self, SVMStatic<ControlledMachine, Rules>.self)
  }
}
