// What a shrinker comes back with.

/// How much a shrinker may do.
public struct ShrinkBudget: Sendable {
  /// Replays at most.
  public var replays: Int
  /// Time at most.
  public var time: Duration
  /// Random executions at most of one smaller program; 0: only replays.
  public var searchedPerProgram: Int
  /// Executions at most of the search through all schedules with fewer preemptions; 0: none.
  public var enumeratedPerProgram: Int
  /// Steps of one execution at most.
  public var stepLimit: Int

  /// A budget; 500 replays or 2 s unless told otherwise.
  public init(
    replays: Int = 500, time: Duration = .seconds(2), searchedPerProgram: Int = 4_000,
    enumeratedPerProgram: Int = 40_000, stepLimit: Int = Engine.defaultStepLimit
  ) {
    self.replays = replays
    self.time = time
    self.searchedPerProgram = searchedPerProgram
    self.enumeratedPerProgram = enumeratedPerProgram
    self.stepLimit = stepLimit
  }
}

/// What became of an attempt to shrink.
public enum Shrinking: Sendable {
  /// A shorter execution with the same finding.
  case shrunk(ShrinkResult)
  /// Three replays did not agree, or not with the recording: all three.
  case flaky([Verdict])
  /// The schedule does not fail: what its replays, if there were any, showed.
  case doesNotFail([Verdict])
  /// There is no such program.
  case noProgram
}

/// A shrunk finding.
public struct ShrinkResult: Sendable {
  /// The shortest failing execution, as it was recorded: on the program of `programSteps` it can be
  /// replayed exactly.
  public let schedule: Schedule
  /// The steps that are left of each pCPU's program, by their numbers in the whole one.
  public let programSteps: [[Int]]
  /// Steps of pCPUs and of hardware before, not folded.
  public let eventsBefore: Int
  /// Steps of pCPUs and of hardware after, not folded; `rows` are what a story prints of them.
  public let eventsAfter: Int
  /// The steps as a story prints them.
  public let rows: [FoldedRow]
  /// Preemptions before: steps of another agent although the pCPU that ran last could have gone on.
  public let preemptionsBefore: Int
  /// Preemptions after.
  public let preemptionsAfter: Int
  /// Replays that it took.
  public let replays: Int
  /// Of these, the ones for steps 4 and 5: preemptions and normal form.
  public let replaysForPreemptions: Int
  /// Of these, the ones for the critical pair.
  public let replaysForPair: Int
  /// Other executions of smaller programs, or of the same with fewer preemptions, beside the
  /// replays.
  public let searches: Int
  /// What the replays showed.
  public let verdictCounts: [Verdict: Int]
  /// False if the budget ended first, that of the replays or that of the search for an execution
  /// with fewer preemptions: not minimal.
  public let isMinimal: Bool
  /// Two steps of `schedule` whose swap makes the execution pass; nil if there are none, as in a
  /// fault that shows in every order.
  public let criticalPair: (Int, Int)?
}
