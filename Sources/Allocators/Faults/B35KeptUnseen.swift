import Machines

/// B35: a thread that comes back to a pCPU which ran nothing else meanwhile goes on with the number in
/// the hardware, whatever has happened since (fixed by 8678c1f04277).
enum KeptUnseen: ArmASIDCounterRules {
  @inline(__always)
  static func isRight<M: CallingMachine>(
    _ installed: UInt64, _ allocator: ArmASIDCounter<M, Self>, on m: M
  ) -> Bool { true }
}
