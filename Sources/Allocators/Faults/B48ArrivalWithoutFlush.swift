/// B48: a vCPU that comes back to a pCPU does not flush there. What it left has missed the flushes
/// that were made where it was meanwhile.
enum ArrivalWithoutFlush: SVMStaticRules {
  @inline(__always) static var flushesOnArrival: Bool { false }
}
