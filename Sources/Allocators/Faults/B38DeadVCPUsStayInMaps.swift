import Machines

/// B38: a freed ASID stays in the maps of who ran last, and the flushes that would make up for it are
/// gone: at the first run and behind a run elsewhere. A new vCPU that comes to lie where a dead one
/// lay, with its ASID, looks as if it had been there all the time.
enum DeadVCPUsStayInMaps: SVMStaticRules {
  @inline(__always) static var firstFlush: TLBControl { .nothing }
  @inline(__always) static var flushesOnArrival: Bool { false }

  @inline(__always)
  static func unregister<M: CallingMachine>(
    _ asid: UInt64, _ allocator: SVMStatic<M, Self>, on m: M
  ) {}
}
