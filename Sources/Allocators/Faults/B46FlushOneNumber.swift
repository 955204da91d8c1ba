import Domain
import Machines

/// B46: the first number of a generation flushes the translations under itself only.
enum FlushOneNumber: XenX86Rules {
  @inline(__always)
  static func flushForFirstNumber<M: CallingMachine>(on m: M) {
    m.invalidate(.tag(Tag(1)), on: .thisPCPU, at: XenPerCPUSites.firstFlush)
  }
}
