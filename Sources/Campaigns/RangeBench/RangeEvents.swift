// What is counted of a run.

import Domain

/// What the host did to a VM's tables.
public struct HostEvents: Equatable, Sendable {
  /// Entries that mapped something and no longer do.
  public var leaves: UInt64 = 0
  /// Invalidations issued on every pCPU, of all kinds; each is waited for.
  public var broadcasts: UInt64 = 0
  /// Of those: ranges of intermediate addresses ...
  public var ranges: UInt64 = 0
  /// ... single ones ...
  public var pages: UInt64 = 0
  /// ... and of everything under the VM's number: stage 1, or both stages.
  public var tags: UInt64 = 0

  /// None.
  public init() {}

  /// What was counted from `before` to `after`.
  init(leaves: UInt64, from before: Counts, to after: Counts) {
    func events(_ counter: Counter) -> UInt64 { after[counter] - before[counter] }
    self.leaves = leaves
    ranges = events(.flushesOfRanges)
    pages = events(.flushesOfPages)
    tags = events(.flushesOfTags)
    broadcasts = events(.invalidationBroadcasts)
  }
}

/// What vCPUs did meanwhile.
public struct GuestEvents: Equatable, Sendable {
  /// Memory accesses.
  public var accesses: UInt64 = 0
  /// Stage-2 faults.
  public var faults: UInt64 = 0
  /// Translations that were put into a TLB.
  public var fills: UInt64 = 0
  /// Those among them that the TLB had before an invalidation took them.
  public var refills: UInt64 = 0
  /// Table entries, of both stages, that walks read.
  public var walkSteps: UInt64 = 0
  /// Stage-2 translations that a walk needed and a TLB knew.
  public var stage2Hits: UInt64 = 0

  /// None.
  public init() {}

  /// References to memory: accesses and walk steps.
  public var references: UInt64 { accesses + walkSteps }

  /// Of so many vCPUs that do the same.
  public static func * (events: GuestEvents, vcpus: Int) -> GuestEvents {
    var all = events
    for count in [
      \GuestEvents.accesses, \.faults, \.fills, \.refills, \.walkSteps, \.stage2Hits,
    ] { all[keyPath: count] *= UInt64(vcpus) }
    return all
  }
}

/// One variant's events in the two parts that the thread has times of.
public struct RangeEvents: Equatable, Sendable {
  /// While guests read all memory and blocks take the place of tables (KVM_ADJUST_MAPPINGS); of guests
  /// on 2 MiB only.
  public var adjust: HostEvents?
  /// What one of the guest's vCPUs did meanwhile.
  public var vcpu: GuestEvents?
  /// While all that the VM has is taken away.
  public var unmap = HostEvents()

  /// None.
  public init() {}
}
