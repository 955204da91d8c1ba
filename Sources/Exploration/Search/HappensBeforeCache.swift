// Happens-before caching (Musuvathi and Qadeer, PLDI 2007): two prefixes with the same
// happens-before relation lead to the same state, so one of them is enough, unless the other one
// has more of its bound left.

/// Remembers with how little of its bound used a state has been reached. A fixed table; what does
/// not fit is overwritten, which costs time and never a schedule.
///
/// Two states that are taken for one would cost schedules: 128 bits, so with 10^8 entries the
/// chance is about 10^-23.
final class HappensBeforeCache {
  private struct Entry {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var used: Int = -1
  }

  private let entries: UnsafeMutablePointer<Entry>
  private let mask: Int
  /// Places that are looked at for one key.
  private static let probes = 8
  /// Entries that had to give way.
  private(set) var evictions = 0

  init(capacity: Int) {
    var size = 64
    while size < capacity { size *= 2 }
    entries = .allocate(capacity: size)
    entries.initialize(repeating: Entry(), count: size)
    mask = size - 1
  }

  deinit { entries.deallocate() }

  func removeAll() {
    entries.update(repeating: Entry(), count: mask + 1)
    evictions = 0
  }

  /// Whether the state has been reached with no more used than now; notes it if not. `salt` is what
  /// besides the state decides how the search goes on.
  func hasBeenSeen(_ state: Fingerprint, salt: UInt64, used: Int) -> Bool {
    let low = EngineState.fold(state.low ^ EngineState.firstKey, salt ^ EngineState.secondKey)
    let high = state.high &+ salt &* EngineState.thirdKey
    let first = Int(truncatingIfNeeded: low)
    for probe in 0..<Self.probes {
      let entry = entries + ((first &+ probe) & mask)
      if entry.pointee.used < 0 {
        entry.pointee = Entry(low: low, high: high, used: used)
        return false
      }
      if entry.pointee.low == low && entry.pointee.high == high {
        if entry.pointee.used <= used { return true }
        entry.pointee.used = used
        return false
      }
    }
    evictions += 1
    entries[first & mask] = Entry(low: low, high: high, used: used)
    return false
  }
}
