/// B51: a run under the fallback does not flush, although others have it, too. One ASID for each vCPU:
/// where last vCPUs are tracked, the tracking makes up for it.
enum FallbackWithoutFlush: SVMStaticRules {
  @inline(__always) static var onePerVCPU: Bool { true }
  @inline(__always) static var flushesFallback: Bool { false }
}
