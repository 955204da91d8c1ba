// The lengths that are checked, in pages.

/// Lists of lengths.
public enum Lengths {
  /// Every one to 20,000.
  public static let short = Array(UInt64(1)...20_000)

  /// 64 either side of each multiple of a scale's unit that one operation can say.
  public static let nearUnits: [UInt64] = {
    var lengths: Set<UInt64> = []
    for unit in [2, 64, 2048, 65536] {
      for multiple in 1...32 {
        for distance in -64...64 where multiple * unit + distance > 0 {
          lengths.insert(UInt64(multiple * unit + distance))
        }
      }
    }
    return lengths.sorted()
  }()

  /// `count` of 1 to 5,000,000, the same ones every time.
  public static func random(_ count: Int) -> [UInt64] {
    var state = UInt64(0x5EED)
    return (0..<count).map { _ in
      // SplitMix64.
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return (z ^ (z >> 31)) % 5_000_000 + 1
    }
  }
}
