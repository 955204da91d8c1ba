// What an exploration is asked to do.

import Domain
import Exploration

/// What carries the simulated pCPUs of a controlled run.
public enum CarrierName: String, CaseIterable, Sendable {
  /// Stacks that one thread switches by hand: fast.
  case fiber
  /// A pthread for each pCPU: what debuggers and sanitizers understand.
  case thread

  var carrier: Carrier { self == .fiber ? .fiber : .thread }
}

/// One exploration.
public struct ExploreOrder: Sendable {
  /// What runs.
  public var world: ControlledWorld
  /// Same seed, same schedules.
  public var seed: Seed
  /// One of `StrategyNames.all`.
  public var strategy = "portfolio"
  /// What the pCPUs run on.
  public var carrier = CarrierName.fiber
  /// Threads that run schedules, each with a machine of its own.
  public var jobs = 1
  /// How long; nil: until something else ends it.
  public var time: Duration?
  /// Schedules; nil: until something else ends it.
  public var schedules: Int?
  /// Preemptions or delays of an exhaustive search; nil: that of the strategy.
  public var bound: Int?
  /// Depth of `pct`; nil: that of the strategy.
  public var depth: Int?
  /// Whether the first finding ends it.
  public var stopsAtFirst = true
  /// The one schedule to run; nil for all.
  public var index: Int?
  /// Where findings are written.
  public var folder = "vmidtorture-findings"
  /// A schedule that takes more steps is neither pass nor fail.
  public var stepLimit = 10_000

  /// An exploration of `world` with everything else at its default.
  public init(_ world: ControlledWorld, seed: Seed) {
    self.world = world
    self.seed = seed
  }

  /// Whether it makes sense, before anything runs.
  ///
  /// - Throws: `ExploreError` for a strategy that means nothing.
  public func validate() throws(ExploreError) {
    guard StrategyNames.all.contains(strategy) else {
      throw .unknownStrategy(strategy, names: StrategyNames.all)
    }
  }

  /// The seed of schedule `index`.
  func seed(of index: Int) -> Seed {
    Self.seed(of: index, from: scheduleSeed)
  }

  /// From where all schedules' seeds come.
  var scheduleSeed: UInt64 { seed.child("schedule").value }

  /// A bijection of `index`; the strategies' streams mix it further.
  @inline(__always)
  static func seed(of index: Int, from base: UInt64) -> Seed {
    Seed(base ^ UInt64(truncatingIfNeeded: index) &* 0x9E37_79B9_7F4A_7C15)
  }
}

/// How an exploration, or a replay, ended.
public enum ExploreVerdict: String, Sendable {
  case clean
  case bug
  /// Something was seen that repetition did not confirm.
  case notConfirmed = "not-confirmed"
  /// A replay went another way than the recording.
  case diverged
  /// One schedule, run twice, gave two executions.
  case nondeterministic
  case nothingChecked = "nothing-checked"

  /// The process's exit code.
  public var exitCode: Int32 {
    switch self {
    case .clean: 0
    case .bug: 1
    case .notConfirmed: 3
    case .diverged, .nondeterministic: 4
    case .nothingChecked: 7
    }
  }
}
