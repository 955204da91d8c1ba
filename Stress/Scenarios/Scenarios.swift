// The scenarios of this folder, compiled in. One source of truth: the files beside this one.

/// Name and JSON5 text of every scenario that is built in.
public let embeddedScenarios: [(name: String, bytes: [UInt8])] =
  forAll + forArm64VMID + forArmASID + forKVMArm + forSVM + forNesting + forSEV + forXen + forTables

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
  ("preempted", PackageResources.preempted_json5),
  ("hotplug", PackageResources.hotplug_json5),
]

/// Versions of the VMID allocator on arm64.
private let forArm64VMID: Texts = [
  ("short-slices", PackageResources.short_slices_json5),
  ("idle-pcpus", PackageResources.idle_pcpus_json5),
  ("v3-against-v4", PackageResources.v3_against_v4_json5),
  ("idle-vms", PackageResources.idle_vms_json5),
  ("retag-soak", PackageResources.retag_soak_json5),
  ("retag-first", PackageResources.retag_first_json5),
  ("direct-switch", PackageResources.direct_switch_json5),
  ("pending-flush", PackageResources.pending_flush_json5),
  ("old-ids", PackageResources.old_ids_json5),
  ("other-vcpu", PackageResources.other_vcpu_json5),
  ("pinned-vm", PackageResources.pinned_vm_json5),
]

/// ASIDs.
private let forArmASID: Texts = [
  ("switch", PackageResources.switch_json5),
  ("switch-r2", PackageResources.switch_r2_json5),
  ("switch-back", PackageResources.switch_back_json5),
  ("switch-threads", PackageResources.switch_threads_json5),
  ("switch-two-rollovers", PackageResources.switch_two_rollovers_json5),
  ("switch-then-flush", PackageResources.switch_then_flush_json5),
  ("pins", PackageResources.pins_json5),
  ("small-pins", PackageResources.small_pins_json5),
  ("small-lazy", PackageResources.small_lazy_json5),
  ("lazy", PackageResources.lazy_json5),
  ("shared-tlb", PackageResources.shared_tlb_json5),
]

/// KVM on arm before 2021, and on RISC-V.
private let forKVMArm: Texts = [
  ("kvm-arm-2012-mail", PackageResources.kvm_arm_2012_mail_json5),
  ("kvm-arm-rollover", PackageResources.kvm_arm_rollover_json5),
  ("kvm-arm-sibling", PackageResources.kvm_arm_sibling_json5),
  ("kvm-arm-r2", PackageResources.kvm_arm_r2_json5),
  ("kvm-arm-tlb", PackageResources.kvm_arm_tlb_json5),
  ("riscv-rollover", PackageResources.riscv_rollover_json5),
  ("riscv-sibling", PackageResources.riscv_sibling_json5),
  ("riscv-r2", PackageResources.riscv_r2_json5),
  ("riscv-tlb", PackageResources.riscv_tlb_json5),
]

/// SVM.
private let forSVM: Texts = [
  ("svm-arrival", PackageResources.svm_arrival_json5),
  ("svm-siblings", PackageResources.svm_siblings_json5),
  ("svm-reuse", PackageResources.svm_reuse_json5),
  ("svm-fallback", PackageResources.svm_fallback_json5),
  ("svm-fallback-ends", PackageResources.svm_fallback_ends_json5),
  ("svm-no-flushbyasid", PackageResources.svm_no_flushbyasid_json5),
  ("svm-unmap", PackageResources.svm_unmap_json5),
  ("svm-aborted", PackageResources.svm_aborted_json5),
  ("svm-wrap", PackageResources.svm_wrap_json5),
  ("vpid-off", PackageResources.vpid_off_json5),
]

/// SEV.
private let forSEV: Texts = [
  ("sev-small", PackageResources.sev_small_json5),
  ("sev-reuse", PackageResources.sev_reuse_json5),
  ("sev-full", PackageResources.sev_full_json5),
  ("sev-siblings", PackageResources.sev_siblings_json5),
  ("sev-failure", PackageResources.sev_failure_json5),
]

/// Guests of guests.
private let forNesting: Texts = [
  ("nested", PackageResources.nested_json5),
  ("nested-unmap", PackageResources.nested_unmap_json5),
  ("nested-interrupt", PackageResources.nested_interrupt_json5),
  ("nested-guests", PackageResources.nested_guests_json5),
  ("nested-flush-all", PackageResources.nested_flush_all_json5),
  ("nested-invlpga", PackageResources.nested_invlpga_json5),
  ("nested-reuse", PackageResources.nested_reuse_json5),
  ("nested-siblings", PackageResources.nested_siblings_json5),
]

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
  ("reuse-two-pcpus", PackageResources.reuse_two_pcpus_json5),
  ("xen-churn", PackageResources.xen_churn_json5),
  ("xen-width", PackageResources.xen_width_json5),
]

/// Tables with levels.
private let forTables: Texts = [
  ("range-churn", PackageResources.range_churn_json5),
  ("range-churn-lpa2", PackageResources.range_churn_lpa2_json5),
  ("range-churn-base", PackageResources.range_churn_base_json5),
  ("range-unmap", PackageResources.range_unmap_json5),
  ("range-collapse", PackageResources.range_collapse_json5),
  ("range-protect", PackageResources.range_protect_json5),
  ("range-unsupported", PackageResources.range_unsupported_json5),
  ("range-lpa2", PackageResources.range_lpa2_json5),
  ("range-longest", PackageResources.range_longest_json5),
  ("range-rollover", PackageResources.range_rollover_json5),
  ("range-reuse", PackageResources.range_reuse_json5),
  ("range-relax", PackageResources.range_relax_json5),
  ("range-exchange", PackageResources.range_exchange_json5),
  ("range-memory", PackageResources.range_memory_json5),
  ("range-log", PackageResources.range_log_json5),
  ("range-log-shared", PackageResources.range_log_shared_json5),
  ("range-giant", PackageResources.range_giant_json5),
]
