// The sites of the simulated world, with names: stories and replay files speak of them as of those
// of a system.

import Domain

/// The sites of the world around an allocator.
public enum WorldSites {
  /// A row for every site that `WorldSite` has.
  public static let table: [SiteDescription] = [
    row(WorldSite.claim, "claim", "acquire", "claim", "acquire", "vcpu_load"),
    row(WorldSite.handOver, "hand-over", "release", "claim", "release", "vcpu_put"),
    row(
      WorldSite.contextSwitch, "context-switch", "fence", "-", "contextSwitch", "context_switch"),
    row(WorldSite.install, "enter-guest", "install", "context", "-", "__guest_enter"),
    row(WorldSite.exit, "leave-guest", "clearContext", "context", "-", "__guest_exit"),
    row(WorldSite.access, "access", "translate", "TLB", "-", "-"),
    row(WorldSite.speculate, "speculate", "speculate", "TLB", "-", "-"),
    row(WorldSite.message, "message", "compareExchange", "channel", "relaxed", "-"),
    row(WorldSite.work, "work", "add", "work left", "relaxed", "-"),
    row(WorldSite.map, "map", "store", "stage-2 table", "relaxed", "kvm_pgtable_stage2_map"),
    row(
      WorldSite.unmap, "unmap", "compareExchange", "stage-2 table", "relaxed",
      "kvm_pgtable_stage2_unmap"),
    row(WorldSite.unmapBarrier, "unmap-barrier", "fence", "-", "full", "__kvm_tlb_flush_vmid_ipa"),
    row(WorldSite.hotplug, "hotplug", "add", "online pCPUs", "fullyOrdered", "set_cpu_online"),
    row(WorldSite.churn, "churn", "acquire", "claim", "acquire", "kvm_destroy_vm"),
    row(WorldSite.requests, "check-requests", "load", "need", "relaxed", "check_vcpu_requests"),
    row(WorldSite.attach, "attach-device", "attachDevice", "device", "-", "iommu_sva_bind_device"),
    row(
      WorldSite.detach, "detach-device", "detachDevice", "device", "-", "iommu_sva_unbind_device"),
    row(WorldSite.edit, "edit", "add", "inner table", "relaxed", "-"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
