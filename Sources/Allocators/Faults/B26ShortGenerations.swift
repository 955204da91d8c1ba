import Machines

/// B26: generations are compared in 32 bits. After 2^32 >> tagBits rollovers an id that has not been
/// used since matches again, and its number may be another VM's. No run lasts that long, so this one
/// starts as late: the generation is the last one before the lower half comes round to that of
/// the VMs' ids, which are of the first one.
enum ShortGenerations: Arm64VMIDRules {
  @inline(__always)
  static func isOfGeneration(_ id: UInt64, _ generation: UInt64, tagBits: UInt64) -> Bool {
    UInt32(truncatingIfNeeded: id ^ generation) &>> UInt32(truncatingIfNeeded: tagBits) == 0
  }

  static func bootGeneration(tagBits: UInt64) -> UInt64 { 1 << 32 }
}
