// What a run counts. Every pCPU counts on lines of its own; readers add the pCPUs up.

/// One counter of a run.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of reports.
public enum Counter: Int, CaseIterable, Sendable {
  // The guest's life.
  case guestEntries, fastPathEntries, slowPathEntries, abortedEntries, slices
  case migrations, blocks, wakes, suspensions, messages, offlines
  case vmsCreated, vmsDestroyed
  // The TLB.
  case tlbHits, tlbFills, speculativeFills, pageFaults, unmaps
  // Changes of tables with levels that the host made.
  case tableChanges
  // Invalidations issued: of everything on every pCPU, of everything on one, of a tag, of a page.
  case flushesEverywhere, flushesHere, flushesOfTags, flushesOfPages
  // Where tables have levels: operations by intermediate address that name more than one page; all
  // that are issued on every pCPU; words that walks read; fills without a walk.
  case flushesOfRanges, invalidationBroadcasts, walkSteps, ipaHits
  // Entries that were alive in a TLB when everything in it was invalidated.
  case tlbEntriesLost
  // The allocator.
  case rollovers
  // pCPUs that had nothing loaded all through a rollover, and numbers that it kept for them.
  case idleAtRollover, keptForIdle
  // Comparisons that an oracle made.
  case checksO1, checksO2, checksO3, checksO4, checksO5, checksO6, checksO7, checksO8
  case checksO10, checksO11, checksO12, checksO13, checksO14
  // Coverage: paths that a run must have taken for its verdict to mean something.
  case reentryWithOwnID, entryWithEmptiedSlot, retagHitOnePCPU, retagHitMorePCPUs
  case oldNumberStillFree, reservedFallback, markerStoredOverZero, claimLost
  case deadVMTagReused, fillDroppedByEpoch
  // The pause layer, and looks for work that found none.
  case pauses, idlePolls
  // Devices that were attached.
  case pins
  // VMs that could not be created, for want of a tag or because a step failed.
  case creationsFailed
  // Entries into guests of guests.
  case nestedEntries

  /// The paths that every summary shows; a zero among them is said loudly.
  public static let coverage: [Counter] = [
    .reentryWithOwnID, .entryWithEmptiedSlot, .retagHitOnePCPU, .retagHitMorePCPUs,
    .oldNumberStillFree, .reservedFallback, .markerStoredOverZero, .claimLost, .migrations,
    .blocks, .deadVMTagReused, .fillDroppedByEpoch,
  ]

  /// The counter of the comparisons that `oracle` made; nil for O9 and RACE, which count
  /// nothing.
  public static func checks(of oracle: OracleID) -> Counter? {
    switch oracle {
    case .o1: .checksO1
    case .o2: .checksO2
    case .o3: .checksO3
    case .o4: .checksO4
    case .o5: .checksO5
    case .o6: .checksO6
    case .o7: .checksO7
    case .o8: .checksO8
    case .o10: .checksO10
    case .o11: .checksO11
    case .o12: .checksO12
    case .o13: .checksO13
    case .o14: .checksO14
    case .o9, .race: nil
    }
  }
}

/// The counters of a run at one moment, all pCPUs added up.
public struct Counts: Sendable, Equatable {
  private var values = [UInt64](repeating: 0, count: Counter.allCases.count)

  /// All counters at 0.
  public init() {}

  /// The value of one counter.
  public subscript(counter: Counter) -> UInt64 {
    get { values[counter.rawValue] }
    set { values[counter.rawValue] = newValue }
  }

  /// Adds those of another run, or of another part of it.
  public mutating func add(_ other: Counts) {
    for index in values.indices { values[index] &+= other.values[index] }
  }

  /// The sum of all comparisons that oracles made.
  public var allChecks: UInt64 {
    OracleID.allCases.compactMap(Counter.checks(of:)).reduce(0) { $0 + self[$1] }
  }
}
