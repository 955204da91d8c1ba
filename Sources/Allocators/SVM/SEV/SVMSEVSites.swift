// Every place where the allocator for encrypted guests touches shared memory or the hardware, with the
// kernel function that it stands for. Cells, which locks and claims guard, are no sites. The locks that
// may be shared wait at their sites, too, before each attempt.

import Domain
import Machines

/// The sites of `SVMSEV`.
public enum SVMSEVSites {
  static let raise = Site(1)
  static let call = Site(2)
  static let callWait = Site(3)
  static let look = Site(4)
  static let take = Site(5)
  static let lastLook = Site(6)
  static let lookLast = Site(7)
  static let noteLast = Site(8)
  static let vmrunFlush = Site(9)
  static let allocLock = Site(10)
  static let register = Site(11)
  static let allocUnlock = Site(12)
  static let flushLock = Site(13)
  static let writeBackOthers = Site(14)
  static let writeBack = Site(15)
  static let writeBackWait = Site(16)
  static let flushFabric = Site(17)
  static let flushUnlock = Site(18)
  static let activate = Site(19)
  static let deactivateLock = Site(20)
  static let deactivate = Site(21)
  static let deactivateUnlock = Site(22)
  static let freeLock = Site(23)
  static let clearLast = Site(24)
  static let freeUnlock = Site(25)
  static let newAddresses = Site(26)
  static let resetRequests = Site(27)

  static let requests = FlushRequestSites(
    raise: raise, call: call, callWait: callWait, look: look, take: take, lastLook: lastLook,
    reset: resetRequests)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = entering + allocating + freeing

  private static let entering = [
    row(
      raise, "raise", "or", "requests[each]", "fullyOrdered", "kvm_make_all_cpus_request"),
    row(call, "call", "call", "-", "-", "kvm_kick_many_cpus"),
    row(callWait, "call-wait", "waitForCalls", "-", "-", "kvm_kick_many_cpus"),
    row(look, "look", "load", "requests[this]", "relaxed", "vcpu_enter_guest"),
    row(take, "take", "exchange", "requests[this]", "fullyOrdered", "kvm_check_request"),
    row(lastLook, "last-look", "load", "requests[this]", "relaxed", "kvm_vcpu_exit_request"),
    row(lookLast, "look-last", "load", "last VMCB[this]", "relaxed", "pre_sev_run"),
    row(noteLast, "note-last", "store", "last VMCB[this]", "relaxed", "pre_sev_run"),
    row(vmrunFlush, "vmrun-flush", "invalidate", "tag", "-", "svm_vcpu_run"),
  ]

  private static let allocating = [
    row(allocLock, "alloc-lock", "acquire", "lock", "acquire", "sev_asid_new"),
    row(register, "register", "mayFail", "-", "-", "sev_asid_new"),
    row(allocUnlock, "alloc-unlock", "release", "lock", "release", "sev_asid_new"),
    row(flushLock, "flush-lock", "compareExchange", "deactivation", "acquire", "sev_flush_asids"),
    row(writeBackOthers, "write-back-others", "call", "-", "-", "wbinvd_on_all_cpus"),
    row(writeBack, "write-back", "writeBackCache", "-", "-", "wbinvd_on_all_cpus"),
    row(writeBackWait, "write-back-wait", "waitForCalls", "-", "-", "wbinvd_on_all_cpus"),
    row(flushFabric, "flush-fabric", "firmware", "-", "-", "sev_guest_df_flush"),
    row(flushUnlock, "flush-unlock", "store", "deactivation", "release", "sev_flush_asids"),
    row(activate, "activate", "firmware", "-", "-", "sev_bind_asid"),
  ]

  private static let freeing = [
    row(
      deactivateLock, "deactivate-lock", "compareExchange", "deactivation", "acquire",
      "sev_unbind_asid"),
    row(deactivate, "deactivate", "firmware", "-", "-", "sev_guest_deactivate"),
    row(
      deactivateUnlock, "deactivate-unlock", "add", "deactivation", "release", "sev_unbind_asid"),
    row(freeLock, "free-lock", "acquire", "lock", "acquire", "sev_asid_free"),
    row(clearLast, "clear-last", "store", "last VMCB[each]", "relaxed", "sev_asid_free"),
    row(freeUnlock, "free-unlock", "release", "lock", "release", "sev_asid_free"),
    row(newAddresses, "new-addresses", "add", "addresses", "relaxed", "snp_safe_alloc_page"),
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
