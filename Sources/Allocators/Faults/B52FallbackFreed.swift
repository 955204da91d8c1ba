/// B52: the end of a VM frees the fallback, if that is what it had. The next VM gets it for its own, and
/// whoever comes after that falls back to it: it is still flushed at every run, because the test compares
/// numbers, but it is freed while others run under it.
enum FallbackFreed: SVMStaticRules {
  @inline(__always)
  static func mayFree(_ asid: UInt64, fallback: UInt64) -> Bool { true }
}
