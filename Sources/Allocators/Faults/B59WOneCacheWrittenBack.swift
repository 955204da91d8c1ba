/// B59W: whoever recycles writes back the cache of its own pCPU alone. The firmware, which keeps count
/// of the pCPUs, refuses to flush the fabric.
enum OneCacheWrittenBack: SVMSEVRules {
  @inline(__always) static var writesBackEverywhere: Bool { false }
}
