import Machines

/// B77: where the CPUs have no range instructions, the range flush says "not supported", and nobody
/// listens.
enum NothingWithoutRanges: Stage2Rules {
  static func flushWithoutRanges<M: Machine>(
    _ vm: Stage2VM<M>, _ stage2: Stage2<M, Self>, on m: M
  ) {}
}
