// Encrypted guests: what a guest's key leaves in the caches, and the firmware that binds keys to tags.
//
// As AMD's SEV does it. The key of a guest belongs to its ASID, and cache lines are tagged with the
// ASID: lines that are still dirty when the number means another key destroy what they are written
// to. So the firmware does not bind a number again before all caches are written back (WBINVD on each
// pCPU) and what is then on its way to memory has arrived (DF_FLUSH): ACTIVATE and DF_FLUSH of the
// Secure Encrypted Virtualization API, AMD publication 55766.

import Domain

/// A machine whose guests' memory can be encrypted.
public protocol SecureMachine: CallingMachine {
  /// Writes this pCPU's own cache back (WBINVD). What was in it is in the memory's fabric from then on.
  /// Others do it when they are called with `CallRequest.writeBackCache`.
  func writeBackCache(at site: Site)
  /// Has the firmware carry out `command`, about `tag` if it is about one. It carries out one command
  /// at a time.
  func firmware(_ command: FirmwareCommand, _ tag: Tag, at site: Site) -> FirmwareAnswer
}

/// What the firmware of an encrypting machine is asked to do.
public enum FirmwareCommand: UInt64, Sendable {
  /// Binds the key of a new guest to a tag.
  case activate
  /// Frees a tag from its guest's key. From here on no pCPU counts as written back, and the tag is
  /// not bound again before `flushFabric`.
  case deactivate
  /// Has everything that caches have written back arrive in memory (DF_FLUSH).
  case flushFabric
}

/// What the firmware answers; the numbers are those of include/uapi/linux/psp-sev.h.
public enum FirmwareAnswer: UInt64, Sendable {
  /// Done.
  case success = 0
  /// No tag that a guest may have.
  case invalidTag = 13
  /// Not every pCPU has written back since the last `deactivate`: the fabric is not flushed.
  case writeBackRequired = 14
  /// The tag had another key since the fabric was flushed last: it is not bound.
  case fabricFlushRequired = 15
}
