import Machines

/// B47: a rollover has the TLBs flushed from outside, by firmware, and throws nobody out: a guest
/// stays in with a number that is given to another VM, and goes on filling under it.
enum FenceThatStaysOut: RISCVKVMRules {
  @inline(__always)
  static func flushEverywhere<M: CallingMachine>(_ allocator: RISCVKVM<M, Self>, on m: M) {
    m.invalidate(.everything, on: .everyPCPU, at: RISCVKVMSites.localFlush)
    m.waitForInvalidations(at: RISCVKVMSites.callFlushWait)
  }
}
