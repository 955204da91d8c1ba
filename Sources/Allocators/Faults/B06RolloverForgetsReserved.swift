import Machines

/// B06: a slot that is still empty from the last rollover reserves nothing. A pCPU that stayed in
/// the guest over two rollovers loses its number (fixed for ASIDs by ae120d9edfe9).
enum RolloverForgetsReserved: Arm64VMIDRules {
  @inline(__always)
  static func stillReserved<M: Machine>(_ reserved: M.Cell, on m: M) -> UInt64 { 0 }
}
