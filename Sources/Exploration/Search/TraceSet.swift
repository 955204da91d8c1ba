// Which traces have been seen, by fingerprint, in memory of a fixed size.

/// A set of fingerprints with open addressing. Says so when it is full, and claims nothing then.
public final class TraceSet {
  private let slots: UnsafeMutablePointer<Fingerprint>
  private let mask: Int
  /// How many there are.
  public private(set) var count = 0
  /// Whether one did not fit: `count` is too low.
  public private(set) var hasOverflowed = false

  /// A set with room for at least `capacity` fingerprints.
  public init(capacity: Int) {
    var size = 16
    while size * 3 / 4 < capacity { size *= 2 }
    slots = .allocate(capacity: size)
    // Touched now, so that memory does not grow later.
    slots.initialize(repeating: Fingerprint(), count: size)
    mask = size - 1
  }

  deinit { slots.deallocate() }

  /// Adds a fingerprint; true if it is new. The one of all zeros stands for an empty slot and
  /// counts as seen.
  @discardableResult
  public func insert(_ fingerprint: Fingerprint) -> Bool {
    var place = Int(truncatingIfNeeded: fingerprint.low) & mask
    while slots[place] != Fingerprint() {
      if slots[place] == fingerprint { return false }
      place = (place + 1) & mask
    }
    if count >= (mask + 1) * 3 / 4 {
      hasOverflowed = true
      return false
    }
    slots[place] = fingerprint
    count += 1
    return true
  }
}
