// One number for all executions of an exploration: equal for two explorations that did the same.

/// Trace hashes, one after the other. The order counts.
struct TraceHashes {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Takes in the next one.
  @inline(__always)
  mutating func add(_ hash: UInt64) {
    value = (value ^ hash) &* 0x9E37_79B9_7F4A_7C15
    value ^= value &>> 32
  }

  /// As reports print it.
  var text: String { ReplayFile.text(value) }
}
