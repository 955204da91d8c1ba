// O13: what a VM that is a hypervisor, and its guests, may be shown.

import Domain

/// What can be wrong with a translation inside a VM that has guests of its own.
///
/// Sees: a hit on an entry that was made for somebody else inside the VM, and one on an entry that is
/// older than a flush which its hypervisor asked for and was told is done. Cannot see: a flush that went
/// to the wrong place if nobody uses what it should have removed.
public enum NestingVerdict: Sendable, Equatable {
  /// The entry was made for another `Inner` of the VM.
  case otherLevel
  /// The VM's own hypervisor has flushed the entry.
  case flushedInside

  /// Judges an entry that `inner` of a VM has used.
  ///
  /// - Parameters:
  ///   - inner: who used it.
  ///   - madeFor: for whom it was made.
  ///   - version: the version of the inner table's entry that it was made from.
  ///   - oldest: the one that the hypervisor's last flush of it has promised to this vCPU.
  public static func judge(
    inner: Int, madeFor: Int, version: UInt64, oldest: UInt64
  ) -> NestingVerdict? {
    if inner != madeFor { return .otherLevel }
    // Versions wrap at 32 bits: only their difference can be compared.
    return Int32(truncatingIfNeeded: version &- oldest) < 0 ? .flushedInside : nil
  }
}
