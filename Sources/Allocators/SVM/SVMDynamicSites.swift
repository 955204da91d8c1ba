// Every place where the dynamic ASID allocator touches shared memory or the hardware, with the kernel
// function that it stands for. Cells, which belong to a pCPU or to who has the vCPU, are no sites.

import Domain
import Machines

/// The sites of `SVMDynamic`.
public enum SVMDynamicSites {
  static let raise = Site(1)
  static let call = Site(2)
  static let callWait = Site(3)
  static let look = Site(4)
  static let take = Site(5)
  static let lastLook = Site(6)
  static let vmrunFlush = Site(7)
  static let vmrunFlushAll = Site(8)
  static let resetRequests = Site(9)

  static let requests = FlushRequestSites(
    raise: raise, call: call, callWait: callWait, look: look, take: take, lastLook: lastLook,
    reset: resetRequests)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(
      raise, "raise", "or", "requests[each]", "fullyOrdered", "kvm_make_all_cpus_request"),
    row(call, "call", "call", "-", "-", "kvm_kick_many_cpus"),
    row(callWait, "call-wait", "waitForCalls", "-", "-", "kvm_kick_many_cpus"),
    row(look, "look", "load", "requests[this]", "relaxed", "vcpu_enter_guest"),
    row(take, "take", "exchange", "requests[this]", "fullyOrdered", "kvm_check_request"),
    row(lastLook, "last-look", "load", "requests[this]", "relaxed", "kvm_vcpu_exit_request"),
    row(vmrunFlush, "vmrun-flush", "invalidate", "tag", "-", "svm_vcpu_run"),
    row(vmrunFlushAll, "vmrun-flush-all", "invalidate", "everything", "-", "svm_vcpu_run"),
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
