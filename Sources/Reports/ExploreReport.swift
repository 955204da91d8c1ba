// The report of an exploration, as values: what text and JSON are made of.

import Domain

/// What one exploration was and what it showed.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct ExploreReport: Encodable, Sendable {
  public let command = "explore"
  public var scenario: String
  public var system: String
  @OrNull public var fault: String?
  public var strategy: String
  public var model: String
  public var seed: String
  public var carrier: String
  public var jobs: Int
  public var schedules = 0
  public var events = 0
  public var distinctTraces = 0
  public var traceHash = ""
  public var complete = false
  public var bound = ""
  public var seconds = 0.0
  public var schedulesPerSecond = 0.0
  public var eventsPerSecond = 0.0
  public var verdict = ""
  public var exitCode: Int32 = 0
  public var findings: [Finding] = []
  /// What the schedules made happen, by name; what never happened is 0.
  public var coverage: [String: UInt64] = [:]

  // For people only.
  /// Whether there may be more traces than were counted.
  public var distinctIsAtLeast = false
  /// Schedules that took too many steps.
  public var stepLimits = 0
  /// A schedule that did not repeat.
  public var nondeterministic: Int?
  /// What each strategy did.
  public var strategies: [StrategyRow] = []
  /// The command that repeats it.
  public var rerun = ""

  private enum CodingKeys: String, CodingKey {
    case command, scenario, system, fault, strategy, model, seed, carrier, jobs, schedules, events
    case distinctTraces, traceHash, complete, bound, seconds, schedulesPerSecond, eventsPerSecond
    case verdict
    case exitCode, findings, coverage
  }

  /// A report with these parameters and no results yet.
  public init(
    scenario: String, system: String, fault: String?, strategy: String, model: String,
    seed: String, carrier: String, jobs: Int
  ) {
    self.scenario = scenario
    self.system = system
    self.fault = fault
    self.strategy = strategy
    self.model = model
    self.seed = seed
    self.carrier = carrier
    self.jobs = jobs
  }

  /// Why a verdict means something: how often the schedules did what systems fail at.
  public static func coverage(of counts: Counts) -> [String: UInt64] {
    let shown = [.guestEntries, .rollovers, .vmsDestroyed, .unmaps] + Counter.coverage
    return Dictionary(uniqueKeysWithValues: shown.map { ("\($0)", counts[$0]) })
  }

  /// One finding.
  public struct Finding: Encodable, Sendable {
    public let oracle: String
    public let grade: String
    public let summary: String
    public let strategy: String
    public let index: Int
    public let seed: String
    public let replayFile: String
    public let eventsBefore: Int
    public let eventsAfter: Int
    public let preemptionsBefore: Int
    public let preemptionsAfter: Int
    /// Whether repetition confirmed it.
    public let isConfirmed: Bool
    /// How it was made shorter.
    public let shrinking: String
    /// The table.
    public let story: Story
    /// The command that repeats this schedule alone.
    public let rerun: String

    private enum CodingKeys: String, CodingKey {
      case oracle, grade, summary, strategy, index, seed, replayFile, eventsBefore, eventsAfter
      case preemptionsBefore, preemptionsAfter
    }

    /// A finding of these parts.
    public init(
      oracle: String, grade: String, summary: String, strategy: String, index: Int, seed: String,
      replayFile: String, eventsBefore: Int, eventsAfter: Int, preemptionsBefore: Int,
      preemptionsAfter: Int, isConfirmed: Bool, shrinking: String, story: Story, rerun: String
    ) {
      self.oracle = oracle
      self.grade = grade
      self.summary = summary
      self.strategy = strategy
      self.index = index
      self.seed = seed
      self.replayFile = replayFile
      self.eventsBefore = eventsBefore
      self.eventsAfter = eventsAfter
      self.preemptionsBefore = preemptionsBefore
      self.preemptionsAfter = preemptionsAfter
      self.isConfirmed = isConfirmed
      self.shrinking = shrinking
      self.story = story
      self.rerun = rerun
    }
  }

  /// What one strategy did.
  public struct StrategyRow: Sendable {
    public let name: String
    public let schedules: Int
    public let events: Int
    public let findings: Int

    /// A row.
    public init(name: String, schedules: Int, events: Int, findings: Int) {
      self.name = name
      self.schedules = schedules
      self.events = events
      self.findings = findings
    }
  }
}
