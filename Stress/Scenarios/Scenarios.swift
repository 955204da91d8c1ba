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
private let forArm64VMID: Texts = [
  ("pinned-vm", PackageResources.pinned_vm_json5)
]

/// ASIDs.
private let forArmASID: Texts = [
  ("switch", PackageResources.switch_json5),
  ("switch-r2", PackageResources.switch_r2_json5),
  ("switch-back", PackageResources.switch_back_json5),
  ("switch-two-rollovers", PackageResources.switch_two_rollovers_json5),
  ("switch-then-flush", PackageResources.switch_then_flush_json5),
  ("pins", PackageResources.pins_json5),
  ("small-pins", PackageResources.small_pins_json5),
  ("small-lazy", PackageResources.small_lazy_json5),
  ("lazy", PackageResources.lazy_json5),
  ("shared-tlb", PackageResources.shared_tlb_json5),
]

/// KVM on arm before 2021, and on RISC-V.
private let forKVMArm: Texts = []

/// SVM.
private let forSVM: Texts = []

/// Xen.
private let forXen: Texts = []
