/// B49: a vCPU does not flush when another one of its VM ran here last. ASIDs tag what comes out of
/// both tables, the guest's own and the host's, and the guest's own differ between vCPUs.
enum SiblingWithoutFlush: SVMStaticRules {
  @inline(__always)
  static func isAnother(_ last: UInt64, than address: UInt64) -> Bool { false }
}
