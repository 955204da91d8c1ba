import Machines

/// B02: the rollover's scan loads a slot and then stores 0 into it. A claim in between is taken
/// for what stood there before.
enum ScanLoadsThenStores: Arm64VMIDRules {
  @inline(__always)
  static func takeActive<M: Machine>(_ slot: M.Word, on m: M) -> UInt64 {
    let id = m.load(slot, .relaxed, at: Arm64VMIDSites.rolloverTakeActive)
    m.store(slot, 0, .relaxed, at: Arm64VMIDSites.rolloverTakeActive)
    return id
  }
}
