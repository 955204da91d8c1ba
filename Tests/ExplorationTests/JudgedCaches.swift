// The judge's own idea of caches with lines under keys: where each tag's lines are, as a set of places,
// and since when each pCPU has not written back.

/// Caches, what is behind them, and what the firmware asks for.
struct JudgedCaches {
  private enum Place: Hashable {
    case cache(Int)
    case underWay
  }

  private let pcpuCount: Int
  private var lines: [UInt64: Set<Place>] = [:]
  /// pCPUs that must write back before the firmware flushes.
  private var owing: Set<Int> = []

  init(pcpuCount: Int) { self.pcpuCount = pcpuCount }

  func holdLines(of tag: UInt64) -> Bool { !(lines[tag] ?? []).isEmpty }

  mutating func touch(_ tag: UInt64, on pcpu: Int) {
    lines[tag, default: []].insert(.cache(pcpu))
  }

  mutating func writeBack(_ pcpu: Int) {
    owing.remove(pcpu)
    for tag in lines.keys where lines[tag]?.remove(.cache(pcpu)) != nil {
      lines[tag]?.insert(.underWay)
    }
  }

  /// 1 deactivates, 2 flushes what is under way.
  mutating func firmware(command: UInt64, tag: UInt64) {
    if command == 1, tag != 0 { owing = Set(0..<pcpuCount) }
    if command == 2, owing.isEmpty { for tag in lines.keys { lines[tag]?.remove(.underWay) } }
  }
}
