import Machines

/// H01: the slow path goes without its lock. The bitmap and the reserved ids are plain memory: a
/// data race.
enum NoLock: Arm64VMIDRules {
  @inline(__always)
  static func takeLock<M: Machine>(_ lock: Lock<M.Word>, on m: M) {}
}
