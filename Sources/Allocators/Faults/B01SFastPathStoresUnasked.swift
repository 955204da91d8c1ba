import Machines

/// B01S: the fast path does not even test its slot, then stores into it. A rollover that came at any
/// time since the last entry is overwritten, not only one between the test and the store.
enum FastPathStoresUnasked: Arm64VMIDRules {
  @inline(__always)
  static func slotIsLive(_ seen: UInt64) -> Bool { true }

  @inline(__always)
  static func claim<M: Machine>(
    _ slot: M.Word, seen: UInt64, id: UInt64, on m: M
  ) -> Bool {
    m.store(slot, id, .relaxed, at: Arm64VMIDSites.fastClaim)
    return true
  }
}
