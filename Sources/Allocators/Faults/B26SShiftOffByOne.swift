import Machines

/// B26S: the comparison of generations shifts one bit too far. Every other rollover goes unnoticed.
enum ShiftOffByOne: Arm64VMIDRules {
  @inline(__always)
  static func isOfGeneration(_ id: UInt64, _ generation: UInt64, tagBits: UInt64) -> Bool {
    (id ^ generation) &>> (tagBits &+ 1) == 0
  }
}
