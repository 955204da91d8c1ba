import Domain
import Machines

/// B67: a flush takes the vCPUs' numbers away and lets those that run go on.
enum NobodyThrownOut: XenX86Rules {
  @inline(__always)
  static func flush<M: CallingMachine>(_ vm: XenPerCPUVM<M>, on m: M) {
    takeNumbers(of: vm, on: m)
  }
}
