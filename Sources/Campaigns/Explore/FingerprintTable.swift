// How many different executions there were: a table of fixed size, and an honest "at least" when it
// is nearly full.

/// A set of 64-bit fingerprints in memory that is allocated and touched once.
///
/// Blocks of schedules go in one after the other, in the order of their indices, so one writer at
/// a time is enough, and what is counted does not depend on who ran them.
struct FingerprintTable: ~Copyable {
  /// Places.
  static let capacity = 1 << 21
  /// Beyond this many, chains get long and the table takes no more.
  private static let most = capacity / 4 * 3

  private let places: UnsafeMutablePointer<UInt64>
  /// Different fingerprints in it.
  private(set) var count = 0

  init() {
    places = .allocate(capacity: Self.capacity)
    // Also makes every page resident.
    places.initialize(repeating: 0, count: Self.capacity)
  }

  deinit { places.deallocate() }

  /// Whether `count` is only a lower bound: fingerprints may have come that were not kept.
  var isFull: Bool { count >= Self.most }

  /// Puts `fingerprint` in, unless it is there or the table is full.
  mutating func insert(_ fingerprint: UInt64) {
    if isFull { return }
    // 0 marks an empty place.
    let value = fingerprint == 0 ? 1 : fingerprint
    var place = Int(truncatingIfNeeded: (value &* 0x9E37_79B9_7F4A_7C15) &>> 43)
    while places[place] != 0 {
      if places[place] == value { return }
      place = (place &+ 1) & (Self.capacity &- 1)
    }
    places[place] = value
    count &+= 1
  }
}
