import Domain
import Machines

/// H06: a rollover's scan visits the pCPUs that were online when it began, not all possible ones. One
/// that comes back meanwhile has read the old generation, claims its slot, and is not seen.
enum ScanOfOnlinePCPUs: Arm64VMIDRules {
  static func rollOver<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) -> UInt64 {
    let online = m.onlinePCPUs(at: Arm64VMIDSites.rolloverTakeActive)
    let next = allocator.bumpGeneration(on: m)
    allocator.forgetNumbers(on: m)
    online.forEach { allocator.collectActive(of: $0.index, on: m) }
    flushEverything(allocator, on: m)
    return next
  }
}
