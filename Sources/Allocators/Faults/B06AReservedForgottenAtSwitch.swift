import Machines

/// B06A: as B06, where it was found first. A slot that is still empty from the last rollover
/// reserves nothing, so a process that runs through two of them loses its number (ae120d9edfe9).
enum ReservedForgottenAtSwitch: ArmASIDRules {
  @inline(__always)
  static func stillReserved<M: Machine>(_ reserved: M.Cell, on m: M) -> UInt64 { 0 }
}
