// Every place where the VPID allocator touches shared memory or the hardware, with the kernel function
// that it stands for. Cells, which locks and claims guard, are no sites.

import Domain
import Machines

/// The sites of `VMXVPID`.
public enum VMXVPIDSites {
  static let raise = Site(1)
  static let call = Site(2)
  static let callWait = Site(3)
  static let look = Site(4)
  static let take = Site(5)
  static let lastLook = Site(6)
  static let raiseAtLoad = Site(7)
  static let invvpid = Site(8)
  static let factoryLock = Site(9)
  static let factoryUnlock = Site(10)
  static let resetRequests = Site(11)

  static let factory = TagFactorySites(lock: factoryLock, unlock: factoryUnlock)
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
    row(raiseAtLoad, "raise-at-load", "or", "requests[this]", "relaxed", "vmx_vcpu_load_vmcs"),
    row(invvpid, "invvpid", "invalidate", "tag", "-", "vpid_sync_context"),
    row(factoryLock, "factory-lock", "acquire", "lock", "acquire", "allocate_vpid"),
    row(factoryUnlock, "factory-unlock", "release", "lock", "release", "allocate_vpid"),
    row(
      resetRequests, "reset-requests", "store", "requests[each]", "relaxed", "vmx_vcpu_create"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
