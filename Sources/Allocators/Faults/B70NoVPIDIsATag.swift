/// B70: a vCPU for which there was no VPID runs under 0 with VPIDs on: nothing is flushed, and 0 is
/// everybody's who has none.
enum NoVPIDIsATag: VMXVPIDRules {
  @inline(__always)
  static func flushAtEntry(_ vpid: UInt64) -> Entry.Flush { .nothing }
}
