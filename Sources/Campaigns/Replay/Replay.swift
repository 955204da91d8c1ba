// Replays: strictly, step by step, and what came of it.

import Domain
import Exploration

/// What a replay has shown.
public struct ReplayResult: Sendable {
  /// Bug, diverged, or clean where the recording was.
  public let verdict: ExploreVerdict
  /// Whether every run gave the recorded execution.
  public let isReproduced: Bool
  /// The first difference, both sides; nil if there is none.
  public let divergence: Divergence?
  /// Steps of the last run.
  public let events: Int
  /// Hash of the last run.
  public let traceHash: String
  /// How often it ran.
  public let times: Int
  /// What the recording was of.
  public let file: ReplayFile
  /// The last run as a table.
  public let story: Story
  /// The last run as a timeline.
  public let timeline: Timeline

  /// Where a replay left its recording.
  public struct Divergence: Sendable, Equatable {
    /// The step, from 1.
    public let step: Int
    /// What was recorded.
    public let recorded: String
    /// What was there.
    public let found: String
  }
}

/// Runs replay files.
public enum Replay {
  /// Replays the file at `path` strictly, `times` times or until it goes another way.
  ///
  /// - Throws: `ReplayFileError` for a file that cannot be replayed.
  public static func run(
    path: String, carrier: CarrierName = .fiber, times: Int = 1
  ) throws -> ReplayResult {
    let loaded = try LoadedReplay(path: path)
    let engine = Engine(
      loaded.program, carrier: carrier.carrier,
      stepLimit: max(Engine.defaultStepLimit, loaded.steps.count + 1))
    var last: (RecordedExecution, ReplayResult.Divergence?)?
    var done = 0
    while done < max(times, 1) {
      let strategy = loaded.strict()
      let execution = RecordedExecution(engine, strategy, Seed(0))
      let divergence = divergence(of: execution, strategy, loaded)
      last = (execution, divergence)
      done += 1
      if divergence != nil { break }
    }
    guard let (execution, divergence) = last else { preconditionFailure("nothing was replayed") }
    let isBug = execution.violation != nil && divergence == nil
    return ReplayResult(
      verdict: divergence != nil ? .diverged : isBug ? .bug : .clean,
      isReproduced: divergence == nil, divergence: divergence, events: execution.end.steps,
      traceHash: ReplayFile.text(execution.end.traceHash), times: done, file: loaded.file,
      story: loaded.teller.story(of: execution, critical: loaded.file.criticalPair ?? []),
      timeline: loaded.teller.timeline(of: execution))
  }

  /// The first difference between `execution` and the recording.
  private static func divergence(
    of execution: RecordedExecution, _ strategy: StrictReplay, _ loaded: LoadedReplay
  ) -> ReplayResult.Divergence? {
    let names = loaded.names
    func text(_ step: RecordedStep) -> String {
      names.text(step.agent, step.operation) + ", value \(step.value)"
    }
    func recorded(_ place: Int) -> String {
      place < loaded.steps.count ? text(loaded.steps[place]) : "the end of the recording"
    }
    // A value that differs comes before whatever follows from it.
    for (place, event) in execution.events.enumerated() where place < loaded.steps.count {
      if event.result != loaded.steps[place].value {
        return ReplayResult.Divergence(
          step: place + 1, recorded: recorded(place), found: text(RecordedStep(event)))
      }
    }
    if let (place, found) = strategy.divergence {
      return ReplayResult.Divergence(step: place + 1, recorded: recorded(place), found: found)
    }
    let file = loaded.file
    let end = execution.events.count
    if end != loaded.steps.count {
      return ReplayResult.Divergence(
        step: end + 1, recorded: recorded(end),
        found: "the end: \(loaded.teller.sentence(of: execution))")
    }
    let summary = loaded.teller.sentence(of: execution)
    if execution.violation?.oracle.rawValue != file.outcome.oracle
      || summary != file.outcome.summary
    {
      return ReplayResult.Divergence(step: end, recorded: file.outcome.summary, found: summary)
    }
    if execution.end.traceHash != loaded.hash {
      return ReplayResult.Divergence(
        step: end, recorded: "trace hash \(file.traceHash)",
        found: "trace hash \(ReplayFile.text(execution.end.traceHash))")
    }
    return nil
  }
}
