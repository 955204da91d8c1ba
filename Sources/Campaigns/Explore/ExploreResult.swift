// What an exploration has shown.

import Domain

/// How far an exploration is.
public struct ExploreProgress: Sendable {
  /// Since the start.
  public let elapsed: Duration
  /// Schedules so far.
  public let schedules: Int
}

/// What an exploration has shown.
public struct ExploreResult: Sendable {
  /// How it ended.
  public var verdict = ExploreVerdict.nothingChecked
  /// Schedules that count: those up to the first finding, or all.
  public var schedules = 0
  /// Their steps.
  public var events = 0
  /// Executions that differ in more than the order of independent steps.
  public var distinctTraces = 0
  /// Over all their trace hashes, in the order of their indices.
  public var traceHash = TraceHashes().text
  /// Whether there may be more of them than were counted.
  public var distinctIsAtLeast = false
  /// Whether nothing is left to be tried.
  public var isComplete = false
  /// What was covered, in a sentence.
  public var bound = ""
  /// Schedules that took more steps than allowed: neither pass nor fail.
  public var stepLimits = 0
  /// A schedule that was run twice and gave two executions.
  public var nondeterministic: Int?
  /// What each strategy did.
  public var tallies: [StrategyTally] = []
  /// What was found, lowest index first.
  public var findings: [ExploreFinding] = []
  /// What the schedules counted: rollovers, and paths of the allocator.
  public var counts = Counts()
  /// The search itself, without what was done about findings.
  public var elapsed = Duration.zero

  /// The result of an exploration that has not begun.
  public init() {}
}

/// One thing that was found.
public struct ExploreFinding: Sendable {
  /// Who saw it.
  public let oracle: String
  /// What it says.
  public let summary: String
  /// What decided the schedule.
  public let strategy: String
  /// Which schedule it was.
  public let index: Int
  /// The seed of the exploration.
  public let seed: Seed
  /// Whether three repetitions gave the same execution.
  public let isConfirmed: Bool
  /// Where it stands; the shorter one if it was made shorter.
  public internal(set) var replayFile: String
  /// Steps and preemptions as it was found.
  public let eventsBefore: Int
  /// See `eventsBefore`.
  public let preemptionsBefore: Int
  /// Lines of its story, and preemptions, when made shorter.
  public internal(set) var eventsAfter: Int
  /// See `eventsAfter`.
  public internal(set) var preemptionsAfter: Int
  /// What was done to make it shorter, in a few words.
  public internal(set) var shrinking: String
  /// The shorter one as a table.
  public internal(set) var story: Story
  /// The shorter one as a timeline.
  public internal(set) var timeline: Timeline
}
