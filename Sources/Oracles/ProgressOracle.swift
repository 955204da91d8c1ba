// O9: somebody gets on. Judged by the watchdog, by its own count of looks and not by the clock, so
// that a host that stops for a while does not look like an allocator that does.

import Domain

/// O9 Progress: every pCPU makes entries.
public struct ProgressOracle: Sendable {
  /// Looks without any progress of a pCPU after which it is stalled.
  public let patience: Int
  private var last: [UInt64]
  private var looksWithout: [Int]

  /// For `pcpuCount` pCPUs.
  public init(pcpuCount: Int, patience: Int) {
    self.patience = patience
    last = Array(repeating: 0, count: pcpuCount)
    looksWithout = Array(repeating: 0, count: pcpuCount)
  }

  /// Takes the pCPUs' progress counts of now; returns those that are stalled.
  public mutating func look(_ progress: [UInt64]) -> [PCPU] {
    for index in progress.indices {
      looksWithout[index] = progress[index] == last[index] ? looksWithout[index] + 1 : 0
      last[index] = progress[index]
    }
    return looksWithout.indices.filter { looksWithout[$0] >= patience }.map(PCPU.init)
  }

  /// O9, the allocator's own pace: SUSPICIOUS when hardly an entry took the fast path.
  public static func fastPathIsStarved(_ counts: Counts, floor: Double) -> Bool {
    let entries = counts[.guestEntries]
    guard entries >= 10_000 else { return false }
    return Double(counts[.fastPathEntries]) < floor * Double(entries)
  }

  /// O9, the allocator's use of its numbers: SUSPICIOUS when rollovers keep numbers for pCPUs that
  /// have nothing loaded.
  ///
  /// The bound is half a number for each such pCPU. An allocator that takes a number back when its
  /// guest is put keeps none for them, not once in a run. One that does not keeps one for nearly
  /// each of them; fewer only if several pCPUs ran the same VM last.
  public static func idlePCPUsHoldNumbers(_ counts: Counts) -> Bool {
    guard counts[.idleAtRollover] >= 1000 else { return false }
    return counts[.keptForIdle] * 2 > counts[.idleAtRollover]
  }
}
