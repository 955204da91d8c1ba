// Making a finding shorter: less program, fewer preemptions, and the pair of steps on which it
// depends.

import Domain
import Exploration
import Host

/// A finding that was made shorter.
public struct ShrunkFinding: Sendable {
  /// The shorter schedule.
  public let file: ReplayFile
  /// Where it was written.
  public internal(set) var path = ""
  /// Steps of what was given.
  public let eventsBefore: Int
  /// Lines that the story of the shorter one has for its steps.
  public let eventsAfter: Int
  /// Steps at which the pCPU that ran before could have gone on, before and after.
  public let preemptionsBefore: Int
  /// See `preemptionsBefore`.
  public let preemptionsAfter: Int
  /// Replays that it took.
  public let replays: Int
  /// Whether it ended by itself, not by its budget.
  public let isMinimal: Bool
  /// The shorter one as a table.
  public let story: Story
  /// The shorter one as a timeline.
  public let timeline: Timeline

  /// What was done, in a few words.
  public var text: String {
    (isMinimal ? "shrunk" : "shrunk, not minimal: the budget has ended") + ", \(replays) replays"
  }
}

/// Makes findings shorter.
public enum ShrinkCampaign {
  /// Shrinks the finding in the file at `path`.
  ///
  /// - Parameters:
  ///   - path: a replay file.
  ///   - place: where the shorter one goes; nil: beside it.
  /// - Throws: `ReplayFileError` if there is nothing to shrink.
  public static func run(path: String, to place: String?) throws -> ShrunkFinding {
    let loaded = try LoadedReplay(path: path)
    guard loaded.file.hasFinding else { throw ReplayFileError(path, .nothingToShrink) }
    let engine = loaded.engine(.fiber)
    let replay = engine.replay(loaded.schedule)
    if let divergence = replay.divergence {
      throw ReplayFileError(
        path, .diverges(divergence.text(on: engine, site: loaded.names.site)))
    }
    let execution = RecordedExecution(engine, replay.end)
    guard var shorter = try shrink(loaded.file, execution, in: loaded.world) else {
      throw ReplayFileError(path, .nothingToShrink)
    }
    shorter.path =
      place ?? (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + "-short.json"
    try shorter.file.save(to: shorter.path)
    return shorter
  }

  /// A shorter schedule with the finding of `execution`, which `file` records; nil if its replays
  /// did not agree.
  static func shrink(
    _ file: ReplayFile, _ execution: RecordedExecution, in world: ControlledWorld
  ) throws -> ShrunkFinding? {
    let shrinker = Shrinker(
      programSteps: world.stepTexts.map(\.count),
      // What the shrinker finds must not depend on who else uses the machine; fibers run here.
      clock: { .nanoseconds(Int64(CycleClock.threadNanoseconds())) },
      program: { try? world.keeping($0).program() })
    guard case .shrunk(let result) = shrinker.shrink(execution.schedule) else { return nil }
    let shorter = try world.keeping(result.programSteps)
    let program = try shorter.program()
    let engine = Engine(program, stepLimit: max(Engine.defaultStepLimit, result.eventsAfter + 1))
    let replay = engine.replay(result.schedule)
    guard replay.isReproduced else { return nil }
    let teller = StoryTeller(world: shorter, names: TraceNames(shorter, program))
    let told = RecordedExecution(engine, replay.end)
    let pair = result.criticalPair.map { [$0.0, $0.1] }
    return ShrunkFinding(
      file: ReplayFile(
        told, of: teller, seed: Seed(parsing: file.seed) ?? Seed(0), index: file.index,
        strategy: file.strategy, criticalPair: pair),
      eventsBefore: execution.end.steps,
      eventsAfter: told.foldedRows(alone: pair ?? []).count,
      preemptionsBefore: execution.end.preemptions, preemptionsAfter: told.end.preemptions,
      replays: result.replays, isMinimal: result.isMinimal,
      story: teller.story(of: told, critical: pair ?? []), timeline: teller.timeline(of: told))
  }
}

extension ControlledWorld {
  /// The same world with only these steps of each pCPU's program.
  func keeping(_ steps: [[Int]]) throws -> ControlledWorld {
    var scenario = self.scenario
    scenario.program = scenario.program.map { program in
      zip(program, steps).map { texts, kept in kept.map { texts[$0] } }
    }
    return try ControlledWorld(scenario, fault: fault)
  }
}
