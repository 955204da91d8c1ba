// A schedule as a file: all that is needed to repeat it on another machine, and to notice if it
// does not repeat.

import Allocators
import Domain
import Exploration
import Foundation
import Machines

/// One recorded schedule with its scenario, its fault and what came of it.
public struct ReplayFile: Codable, Sendable, Equatable {
  /// The version of the format that this build writes and reads.
  public static let version = 1
  /// The most bytes that a replay file may have.
  public static let mostBytes = 64 << 20

  /// The version of the format.
  public var format = ReplayFile.version
  /// The tool that wrote it.
  public var tool: String
  /// What the scenario is called.
  public var scenarioName: String
  /// Every key of the scenario.
  public var scenario: [String: ScenarioValue]
  /// The fault by name; nil for none.
  public var fault: String?
  /// The system under test.
  public var system: String
  /// The seed of the exploration.
  public var seed: String
  /// The schedule's index in it.
  public var index: Int
  /// What decided it.
  public var strategy: String
  /// What came of it.
  public var outcome: Outcome
  /// Over every step: who, what, where, to which object, and the value.
  public var traceHash: String
  /// Every step: agent, kind, object, site, value.
  public var choices: [[ScenarioValue]]
  /// The choices of the workload: step, agent, of how many, which.
  public var values: [[ScenarioValue]]
  /// The two steps whose order decides, by place; nil if nobody has looked for them.
  public var criticalPair: [Int]?

  /// How it ended.
  public struct Outcome: Codable, Sendable, Equatable {
    /// The oracle that spoke; nil if none did.
    public var oracle: String?
    /// The kind of the end, such as `twoVMs`.
    public var kind: String
    /// What it was about, where the kind does not say it all.
    public var subject: String
    /// What the oracle said.
    public var summary: String
  }

  enum CodingKeys: String, CodingKey {
    case format = "vmidtorture-replay"
    case tool, scenarioName, scenario, fault, system, seed, index, strategy, outcome, traceHash
    case choices, values, criticalPair
  }
}

extension ReplayFile {
  /// The file of `execution`.
  init(
    _ execution: RecordedExecution, of teller: StoryTeller, seed: Seed, index: Int,
    strategy: String, criticalPair: [Int]?
  ) {
    let world = teller.world
    self.init(
      tool: toolVersion, scenarioName: world.scenario.name, scenario: world.scenario.values,
      fault: world.fault?.name, system: world.system.name, seed: "\(seed)", index: index,
      strategy: strategy,
      outcome: Outcome(
        oracle: execution.schedule.verdict.oracle?.rawValue, kind: execution.schedule.verdict.name,
        subject: execution.schedule.verdict.subject, summary: teller.sentence(of: execution)),
      traceHash: ReplayFile.text(execution.end.traceHash),
      choices: execution.events.map { event in
        let names = teller.names
        return [
          .text(names.agent(event.agent)), .text(event.operation.kind.name),
          .text(names.object(of: event.operation)), .text(names.site(event.operation.site)),
          ReplayFile.value(event.result),
        ]
      },
      values: execution.schedule.choices.map { choice in
        [
          .integer(choice.step), .text(teller.names.agent(choice.agent)), .integer(choice.count),
          .integer(choice.value),
        ]
      }, criticalPair: criticalPair)
  }

  static func text(_ hash: UInt64) -> String { "0x" + String(hash, radix: 16) }

  /// A number as JSON has it; one that is too large as text.
  private static func value(_ value: UInt64) -> ScenarioValue {
    Int(exactly: value).map(ScenarioValue.integer) ?? .text(text(value))
  }

  /// Whether it has found something.
  public var hasFinding: Bool { outcome.oracle != nil }

  // MARK: Files

  /// Where it stands by default: `m1-r2-B01-O2-18211.json`.
  func defaultName(isShrunk: Bool) -> String {
    let fault = fault.map { String($0.prefix { $0 != "-" }) } ?? system
    let parts = [scenarioName, fault, outcome.oracle ?? "none", "\(index)"]
    return parts.joined(separator: "-") + (isShrunk ? "-short" : "") + ".json"
  }

  /// Writes it to `path`, whole or not at all.
  ///
  /// - Throws: `ExploreError.unwritable`.
  public func save(to path: String) throws {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let data = try encoder.encode(self) + Data("\n".utf8)
      let file = URL(fileURLWithPath: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      // To a temporary file beside it, then renamed.
      try data.write(to: file, options: .atomic)
    } catch {
      throw ExploreError.unwritable(path: path, reason: error.localizedDescription, option: "--out")
    }
  }

  /// The file at `path`.
  ///
  /// - Throws: `ReplayFileError`.
  public static func load(path: String) throws(ReplayFileError) -> ReplayFile {
    let bytes: [UInt8]
    do {
      bytes = try ScenarioFile.read(path, most: mostBytes)
    } catch {
      throw ReplayFileError(path, .unreadable(error))
    }
    let data = Data(bytes)
    guard let object = try? JSONSerialization.jsonObject(with: data) else {
      throw ReplayFileError(path, .notJSON(bytes: bytes.count))
    }
    guard let keys = object as? [String: Any], let format = keys[CodingKeys.format.rawValue] else {
      throw ReplayFileError(path, .notAReplayFile)
    }
    guard format as? Int == version else {
      throw ReplayFileError(path, .version("\(format)"))
    }
    do {
      return try JSONDecoder().decode(ReplayFile.self, from: data)
    } catch {
      throw ReplayFileError(path, .badKey(Self.key(of: error)))
    }
  }

  /// Which key a decoder did not like.
  private static func key(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "?" }
    switch error {
    case .keyNotFound(let key, let context):
      return (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      return context.codingPath.map(\.stringValue).joined(separator: ".")
    @unknown default: return "?"
    }
  }
}

/// The version of the tool.
public let toolVersion = "0.1.0"
