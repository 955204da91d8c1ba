import Machines

/// B21: preemption is on between the look at the slot and the claim. Another task of the pCPU may
/// run a guest there, and a rollover may empty the slot and forget the number, before the marker
/// that the task leaves behind makes it look as if nothing had happened.
enum PreemptibleUpdate: Arm64VMIDRules {
  @inline(__always)
  static func claim<M: Machine>(
    _ slot: M.Word, seen: UInt64, id: UInt64, on m: M
  ) -> Bool {
    m.enablePreemption()
    m.preemptionPoint(at: Arm64VMIDSites.fastClaim)
    m.disablePreemption()
    return Arm64VMIDAsMerged.claim(slot, seen: seen, id: id, on: m)
  }
}
