import Machines

/// B25: the search for a free number ends one too late. The number after the last one has the bit of
/// a generation, so what the hardware gets of it is 0.
enum OneNumberTooMany: Arm64VMIDRules {
  @inline(__always)
  static func numberLimit(usable: Int) -> Int { usable + 2 }
}
