import Machines

/// B01: the fast path looks at the slot and then stores into it. A rollover that empties the slot
/// in between is overwritten: it has reserved nothing, and the guest runs with a free number.
enum FastPathStores: Arm64VMIDRules {
  @inline(__always)
  static func claim<M: Machine>(
    _ slot: M.Word, seen: UInt64, id: UInt64, on m: M
  ) -> Bool {
    m.store(slot, id, .relaxed, at: Arm64VMIDSites.fastClaim)
    return true
  }
}
