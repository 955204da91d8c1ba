// Every place where nested ASIDs touch shared memory or the hardware, with the kernel function that it
// stands for. Cells, which locks and claims guard, are no sites.

import Domain
import Machines

/// The sites of `SVMNested`.
public enum SVMNestedSites {
  static let raise = Site(1)
  static let call = Site(2)
  static let callWait = Site(3)
  static let look = Site(4)
  static let take = Site(5)
  static let lastLook = Site(6)
  static let track = Site(7)
  static let vmrunFlush = Site(8)
  static let invlpga = Site(9)
  static let nestedLock = Site(10)
  static let nestedUnlock = Site(11)
  static let factoryLock = Site(12)
  static let factoryUnlock = Site(13)
  static let unregister = Site(14)
  static let newAddresses = Site(15)
  static let resetRequests = Site(16)

  static let factory = TagFactorySites(lock: factoryLock, unlock: factoryUnlock)
  static let requests = FlushRequestSites(
    raise: raise, call: call, callWait: callWait, look: look, take: take, lastLook: lastLook,
    reset: resetRequests)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(raise, "raise", "or", "requests[each]", "fullyOrdered", "kvm_make_all_cpus_request"),
    row(call, "call", "call", "-", "-", "kvm_kick_many_cpus"),
    row(callWait, "call-wait", "waitForCalls", "-", "-", "kvm_kick_many_cpus"),
    row(look, "look", "load", "requests[this]", "relaxed", "vcpu_enter_guest"),
    row(take, "take", "exchange", "requests[this]", "fullyOrdered", "kvm_check_request"),
    row(lastLook, "last-look", "load", "requests[this]", "relaxed", "kvm_vcpu_exit_request"),
    row(track, "track", "exchange", "last vCPU[this]", "relaxed", "svm_vcpu_load"),
    row(vmrunFlush, "vmrun-flush", "invalidate", "tag", "-", "svm_vcpu_run"),
    row(invlpga, "invlpga", "invalidate", "page", "-", "invlpga_interception"),
    row(nestedLock, "nested-lock", "acquire", "nested lock", "acquire", "svm_allocate_nested"),
    row(
      nestedUnlock, "nested-unlock", "release", "nested lock", "release", "svm_allocate_nested"),
    row(factoryLock, "factory-lock", "acquire", "lock", "acquire", "kvm_tlb_tags_alloc"),
    row(factoryUnlock, "factory-unlock", "release", "lock", "release", "kvm_tlb_tags_alloc"),
    row(unregister, "unregister", "store", "last vCPU[each]", "relaxed", "svm_vm_destroy"),
    row(newAddresses, "new-addresses", "add", "addresses", "relaxed", "kmem_cache_alloc"),
    row(
      resetRequests, "reset-requests", "store", "requests[each]", "relaxed", "svm_vcpu_create"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
