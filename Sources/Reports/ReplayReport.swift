// The reports of a replay and of a shrink.

import Domain

/// What a replay has shown.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct ReplayReport: Encodable, Sendable {
  public var verdict: String
  public var reproduced: Bool
  public var diverged: Bool
  public var events: Int
  public var traceHash: String

  // For people only.
  /// The parameters in a line.
  public var parameters: String
  /// How often it ran.
  public var times: Int
  /// The first difference, both sides.
  public var divergence: String?
  /// The oracle of the finding; nil if there was none.
  public var oracle: String?
  /// The table.
  public var story: Story
  /// The command that repeats it.
  public var rerun: String

  private enum CodingKeys: String, CodingKey {
    case verdict, reproduced, diverged, events, traceHash
  }

  /// A report of these parts.
  public init(
    verdict: String, reproduced: Bool, diverged: Bool, events: Int, traceHash: String,
    parameters: String, times: Int, divergence: String?, oracle: String?, story: Story,
    rerun: String
  ) {
    self.verdict = verdict
    self.reproduced = reproduced
    self.diverged = diverged
    self.events = events
    self.traceHash = traceHash
    self.parameters = parameters
    self.times = times
    self.divergence = divergence
    self.oracle = oracle
    self.story = story
    self.rerun = rerun
  }

  /// The story and the verdict; where it went another way, both sides.
  public func text(style: TextStyle) -> String {
    var lines = story.lines(style: style) + [""]
    if let divergence {
      lines.append(style.bad("DIVERGED") + ": it is not the recorded schedule any more")
      lines.append(divergence)
    } else {
      let word = oracle == nil ? style.good("repeated") : style.bad("REPRODUCED")
      lines.append("\(word) \(times == 1 ? "once" : "\(times) times"), trace hash \(traceHash)")
    }
    lines.append("why     \((oracle.map { "\($0): " } ?? "") + story.sentence)")
    lines.append("run     \(parameters)")
    lines.append("rerun   \(rerun)")
    return lines.joined(separator: "\n") + "\n"
  }
}

/// What a shrink has reached.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct ShrinkReport: Encodable, Sendable {
  public let command = "shrink"
  public var replayFile: String
  public var eventsBefore: Int
  public var eventsAfter: Int
  public var preemptionsBefore: Int
  public var preemptionsAfter: Int
  public var minimal: Bool
  public var replays: Int
  public var exitCode: Int32

  /// What was done, in a few words.
  public var shrinking: String
  /// The table.
  public var story: Story
  /// The parameters in a line.
  public var parameters: String

  private enum CodingKeys: String, CodingKey {
    case command, replayFile, eventsBefore, eventsAfter, preemptionsBefore, preemptionsAfter
    case minimal, replays, exitCode
  }

  /// A report of these parts.
  public init(
    replayFile: String, eventsBefore: Int, eventsAfter: Int, preemptionsBefore: Int,
    preemptionsAfter: Int, minimal: Bool, replays: Int, exitCode: Int32, shrinking: String,
    story: Story, parameters: String
  ) {
    self.replayFile = replayFile
    self.eventsBefore = eventsBefore
    self.eventsAfter = eventsAfter
    self.preemptionsBefore = preemptionsBefore
    self.preemptionsAfter = preemptionsAfter
    self.minimal = minimal
    self.replays = replays
    self.exitCode = exitCode
    self.shrinking = shrinking
    self.story = story
    self.parameters = parameters
  }

  /// The story, and where the shorter schedule stands.
  public func text(style: TextStyle) -> String {
    var lines = story.lines(style: style)
    lines += [
      "", "why     \(story.sentence)",
      "events \(eventsBefore) -> \(eventsAfter), preemptions \(preemptionsBefore) -> "
        + "\(preemptionsAfter); \(shrinking)",
      "run     \(parameters)", "replay  vmidtorture replay \(replayFile)",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
