import Machines

/// B22: the generation is bumped after the scan. A pCPU whose slot was scanned may still take the
/// fast path with an id that was not reserved.
enum BumpAfterScan: Arm64VMIDRules {
  static func rollOver<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) -> UInt64 {
    allocator.forgetNumbers(on: m)
    allocator.collectActive(on: m)
    let next = allocator.bumpGeneration(on: m)
    flushEverything(allocator, on: m)
    return next
  }
}
