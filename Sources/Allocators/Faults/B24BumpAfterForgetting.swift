import Machines

/// B24: the generation is bumped between forgetting the numbers and the scan. Equivalent: the
/// numbers are looked at under the lock only. It must never be reported.
enum BumpAfterForgetting: Arm64VMIDRules {
  static func rollOver<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) -> UInt64 {
    allocator.forgetNumbers(on: m)
    let next = allocator.bumpGeneration(on: m)
    allocator.collectActive(on: m)
    flushEverything(allocator, on: m)
    return next
  }
}
