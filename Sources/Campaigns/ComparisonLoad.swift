// The loads of a comparison, and what is read from the counters of their runs.

import Allocators
import Domain
import Measurement

/// A load that all systems are compared on.
public enum ComparisonLoad: String, CaseIterable, Sendable {
  /// The 4-day run of the merge.
  case d06
  /// The same with no page taken from any VM: what is flushed, rollovers and new owners flush.
  case d06WithoutUnmaps = "d06-without-unmaps"
  /// One entry between load and put: what a put leaves behind decides whether the next entry needs
  /// the lock.
  case v3AgainstV4 = "v3-against-v4"
  /// pCPUs that ran a VM once and are idle since: whether their numbers are given to others.
  case idleVMs = "idle-vms"

  /// Its scenario for `system`: as it stands, but with more tag bits where the system needs a number
  /// for each VM's whole life.
  public func scenario(for system: TagSystem) throws(ScenarioError) -> Scenario {
    var scenario = try asWritten()
    if self == .d06WithoutUnmaps { scenario.unmapEvery = 0 }
    scenario.system = system.name
    let needed = system.traits.leastTags(scenario.pcpus, scenario.vms)
    while scenario.usableTagCount < needed { scenario.tagBits += 1 }
    try scenario.validate()
    return scenario
  }

  func asWritten() throws(ScenarioError) -> Scenario {
    try ScenarioLibrary.builtIn.scenario(named: self == .d06WithoutUnmaps ? "d06" : rawValue)
  }
}

/// What a system did with one load: the median of each figure over some runs.
public struct LoadFigures: Sendable, Equatable {
  /// Guest entries of all runs.
  public let entries: UInt64
  /// Bits of a tag in these runs.
  public let tagBits: Int
  /// Whether these are more than the scenario has, for a system that needs more.
  public let hasMoreTagBits: Bool
  /// The share of guest entries that needed no lock.
  public let fastPathShare: Double
  /// Rollovers per 1,000 guest entries.
  public let rollovers: Double
  /// Invalidations issued per 1,000 guest entries: of everything on every pCPU ...
  public let flushesEverywhere: Double
  /// ... of everything on one pCPU ...
  public let flushesHere: Double
  /// ... of one tag ...
  public let flushesOfTags: Double
  /// ... and of one page.
  public let flushesOfPages: Double
  /// All of them.
  public let flushes: Double
  /// TLB entries, of all pCPUs, that were alive when everything was invalidated, per rollover; nil
  /// where none of the runs rolled over.
  public let lostPerRollover: Double?

  /// Reads the counters of `runs`, of which there is at least one.
  public init(_ runs: [Counts], tagBits: Int, hasMoreTagBits: Bool = false) {
    func perThousand(_ counters: [Counter]) -> Double {
      Samples(
        runs.map { counts in
          let sum = counters.reduce(0) { $0 + counts[$1] }
          return 1000 * Double(sum) / Double(max(1, counts[.guestEntries]))
        }
      ).median
    }
    self.tagBits = tagBits
    self.hasMoreTagBits = hasMoreTagBits
    entries = runs.reduce(0) { $0 + $1[.guestEntries] }
    fastPathShare = perThousand([.fastPathEntries]) / 1000
    rollovers = perThousand([.rollovers])
    flushesEverywhere = perThousand([.flushesEverywhere])
    flushesHere = perThousand([.flushesHere])
    flushesOfTags = perThousand([.flushesOfTags])
    flushesOfPages = perThousand([.flushesOfPages])
    flushes = perThousand([.flushesEverywhere, .flushesHere, .flushesOfTags, .flushesOfPages])
    let lost = runs.filter { $0[.rollovers] > 0 }
      .map { Double($0[.tlbEntriesLost]) / Double($0[.rollovers]) }
    lostPerRollover = lost.isEmpty ? nil : Samples(lost).median
  }
}
