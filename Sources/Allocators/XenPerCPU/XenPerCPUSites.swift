// Every place where Xen's numbers per pCPU touch shared memory or the hardware, with the function that
// it stands for: x86's where both have one. Cells, which belong to one pCPU, are no sites.

import Domain
import Machines

/// The sites of `XenPerCPU`.
public enum XenPerCPUSites {
  static let arriveGeneration = Site(1)
  static let firstGeneration = Site(2)
  static let renewGeneration = Site(3)
  static let firstFlush = Site(4)
  static let flushWhenOff = Site(5)
  static let lastGeneration = Site(6)
  static let flushAll = Site(7)
  static let flushAllWait = Site(8)
  static let takeGeneration = Site(9)
  static let throwOut = Site(10)
  static let throwOutWait = Site(11)
  static let createGeneration = Site(12)

  /// The table that `list --sites` prints.
  public static let table: [SiteDescription] = [
    row(
      arriveGeneration, "arrive-generation", "store", "vcpu.generation", "relaxed",
      "hvm_asid_flush_vcpu"),
    row(
      firstGeneration, "first-generation", "load", "vcpu.generation", "relaxed",
      "hvm_asid_handle_vmenter"),
    row(
      renewGeneration, "renew-generation", "store", "vcpu.generation", "relaxed",
      "hvm_asid_handle_vmenter"),
    row(firstFlush, "first-flush", "invalidate", "everything", "-", "svm_vmenter_helper"),
    row(flushWhenOff, "flush-when-off", "invalidate", "everything", "-", "svm_vmenter_helper"),
    row(
      lastGeneration, "last-generation", "load", "vcpu.generation", "relaxed",
      "hvm_asid_handle_vmenter"),
    row(flushAll, "flush-all", "invalidate", "everything", "-", "sbi_remote_hfence_gvma"),
    row(
      flushAllWait, "flush-all-wait", "waitForInvalidations", "-", "-",
      "sbi_remote_hfence_gvma"),
    row(
      takeGeneration, "take-generation", "store", "vcpu.generation", "relaxed",
      "hvm_asid_flush_vcpu"),
    row(throwOut, "throw-out", "call", "-", "-", "flush_tlb_mask"),
    row(throwOutWait, "throw-out-wait", "waitForCalls", "-", "-", "flush_tlb_mask"),
    row(
      createGeneration, "create-generation", "store", "vcpu.generation", "relaxed",
      "vcpu_create"),
  ]

  private static func row(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    _ function: String
  ) -> SiteDescription {
    SiteDescription(site, name, operation, object, ordering, in: function)
  }
}
