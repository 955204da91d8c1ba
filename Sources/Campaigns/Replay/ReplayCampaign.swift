// Replays: strictly, step by step, and what came of it.

import Domain
import Exploration

/// What a replay has shown.
public struct ReplayResult: Sendable {
  /// Bug, diverged, or clean where the recording was.
  public let verdict: ExploreVerdict
  /// Whether every run gave the recorded execution.
  public var isReproduced: Bool { divergence == nil }
  /// The first difference, both sides; nil if there is none.
  public let divergence: String?
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
}

/// Runs replay files.
public enum ReplayCampaign {
  /// Replays the file at `path` strictly, `times` times or until it goes another way.
  ///
  /// - Throws: `ReplayFileError` for a file that cannot be replayed.
  public static func run(
    path: String, carrier: CarrierName = .fiber, times: Int = 1
  ) throws -> ReplayResult {
    let loaded = try LoadedReplay(path: path)
    let engine = loaded.engine(carrier)
    var replay = engine.replay(loaded.schedule)
    var done = 1
    while done < times, replay.isReproduced {
      replay = engine.replay(loaded.schedule)
      done += 1
    }
    let execution = RecordedExecution(engine, replay.end)
    let divergence = replay.divergence?.text(on: engine, site: loaded.names.site)
    return ReplayResult(
      verdict: divergence != nil ? .diverged : execution.violation != nil ? .bug : .clean,
      divergence: divergence, events: replay.end.steps,
      traceHash: ReplayFile.text(replay.end.traceHash), times: done, file: loaded.file,
      story: loaded.teller.story(of: execution, critical: loaded.file.criticalPair ?? []),
      timeline: loaded.teller.timeline(of: execution))
  }
}

extension LoadedReplay {
  /// An engine in which the schedule has room.
  func engine(_ carrier: CarrierName) -> Engine {
    Engine(
      program, carrier: carrier.carrier,
      stepLimit: max(Engine.defaultStepLimit, schedule.steps.count + 1))
  }
}
