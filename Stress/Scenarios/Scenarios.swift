// The scenarios of this folder, compiled in. One source of truth: the files beside this one.

/// Name and JSON5 text of every scenario that is built in.
public let embeddedScenarios: [(name: String, bytes: [UInt8])] =
  forAll + forArm64VMID + forArmASID + forKVMArm + forSVM + forXen

private typealias Texts = [(name: String, bytes: [UInt8])]

private let forAll: Texts = [
  ("d06", PackageResources.d06_json5),
  ("small", PackageResources.small_json5),
  ("no-switch-barrier", PackageResources.no_switch_barrier_json5),
  // For controlled execution: what each pCPU does is written down.
  ("m1-r1", PackageResources.m1_r1_json5),
  ("m1-r2", PackageResources.m1_r2_json5),
  ("m1-r2-tlb", PackageResources.m1_r2_tlb_json5),
  ("x", PackageResources.x_json5),
  ("old-r1", PackageResources.old_r1_json5),
  ("old-r2", PackageResources.old_r2_json5),
  ("e2", PackageResources.e2_json5),
  ("e2-two-tags", PackageResources.e2_two_tags_json5),
  ("e2-tlb", PackageResources.e2_tlb_json5),
  ("churn", PackageResources.churn_json5),
  ("migration", PackageResources.migration_json5),
  ("suspended", PackageResources.suspended_json5),
  ("unmap", PackageResources.unmap_json5),
  ("retag", PackageResources.retag_json5),
  ("rollover", PackageResources.rollover_json5),
  ("two-rollovers", PackageResources.two_rollovers_json5),
  ("both-new", PackageResources.both_new_json5),
  ("change", PackageResources.change_json5),
  ("last-number", PackageResources.last_number_json5),
  ("leaving", PackageResources.leaving_json5),
  ("generations", PackageResources.generations_json5),
]

/// Versions of the VMID allocator on arm64.
private let forArm64VMID: Texts = []

/// ASIDs.
private let forArmASID: Texts = []

/// KVM on arm before 2021, and on RISC-V.
private let forKVMArm: Texts = []

/// SVM.
private let forSVM: Texts = []

/// Xen.
private let forXen: Texts = [
  ("xen-small", PackageResources.xen_small_json5),
  ("xen-unmaps", PackageResources.xen_unmaps_json5),
  ("xen-off", PackageResources.xen_off_json5),
  ("xen-narrow", PackageResources.xen_narrow_json5),
  ("xen-wrap", PackageResources.xen_wrap_json5),
  ("xen-generations", PackageResources.xen_generations_json5),
  ("xen-migration", PackageResources.xen_migration_json5),
  ("xen-switch-off", PackageResources.xen_switch_off_json5),
  ("xen-unmap", PackageResources.xen_unmap_json5),
  ("xen-reuse", PackageResources.xen_reuse_json5),
  ("xen-churn", PackageResources.xen_churn_json5),
  ("xen-width", PackageResources.xen_width_json5),
]
