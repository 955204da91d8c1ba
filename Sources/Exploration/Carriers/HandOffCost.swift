// What it costs to let another pCPU go on: the floor under every schedule of a carrier.

import Host

/// Measures hand-offs between two carriers with nothing else going on.
public enum HandOffCost {
  /// Nanoseconds per hand-off of `carrier`, over `count` round trips; pthreads on `cpu`.
  public static func nanoseconds(of carrier: Carrier, roundTrips count: Int, cpu: Int?) -> Double {
    let start = CycleClock.nanoseconds()
    switch carrier {
    case .fiber: switchBetweenStacks(count)
    case .thread: passBaton(count, cpu)
    }
    return Double(CycleClock.nanoseconds() - start) / Double(2 * count)
  }

  /// Two stacks: the caller's, and one that always switches back.
  private static func switchBetweenStacks(_ count: Int) {
    let memory = StackMemory()
    let stacks = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 2)
    defer { stacks.deallocate() }
    stacks.initialize(repeating: nil, count: 2)
    stacks[1] = memory.prepare(
      { raw in
        guard let stacks = raw?.assumingMemoryBound(to: UnsafeMutableRawPointer?.self) else {
          return
        }
        while true { switchStack(from: stacks + 1, to: stacks[0]) }
      }, UnsafeMutableRawPointer(stacks))
    for _ in 0..<count { switchStack(from: stacks, to: stacks[1]) }
  }

  /// Two pthreads, as `Carriers` has them: both on one CPU.
  private static func passBaton(_ count: Int, _ cpu: Int?) {
    let batons = (Baton(), Baton())
    let one = PinnedThread(name: "baton-0", cpu: cpu) {
      for _ in 0..<count {
        batons.0.take()
        batons.1.give()
      }
    }
    let other = PinnedThread(name: "baton-1", cpu: cpu) {
      for _ in 0..<count {
        batons.0.give()
        batons.1.take()
      }
    }
    other.join()
    one.join()
    batons.0.deallocate()
    batons.1.deallocate()
  }
}
