// What can be wrong with a replay file, as data first and as text once.

import Domain

/// Why a replay file cannot be replayed.
public struct ReplayFileError: Error {
  /// The file.
  public let path: String
  let reason: Reason

  init(_ path: String, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// What is wrong.
  enum Reason {
    case unreadable(ScenarioError)
    case notJSON(bytes: Int)
    case notAReplayFile
    case version(String)
    case badKey(String)
    case badScenario(any Error)
    case unknownFault(String, names: [String])
    case otherSystem(String, scenario: String)
    case badChoice(Int)
    case badValue(Int)
    case unknownName(kind: String, String, choice: Int, nearest: String?)
    case badHash(String)
    case nothingToShrink
    case diverges(String)
  }
}

extension ReplayFileError: CustomStringConvertible {
  /// What was wanted, what was given, what to do.
  public var description: String { "\(path): \(text)" }

  private var text: String {
    let again = "record it again with vmidtorture explore"
    switch reason {
    case .unreadable(.fileTooLarge(let bytes, let most)):
      return "it has \(bytes) bytes, but a replay file has at most \(most); give one that "
        + "vmidtorture explore has written"
    case .unreadable(.unreadable(let reason)):
      return "it cannot be read (\(reason)); give the path of a replay file"
    case .unreadable(.isDirectory):
      return "it is a directory, but a replay is one file; give the path of a file in it"
    case .unreadable(.notARegularFile):
      return "it is a pipe or a device, but a replay is a regular file; copy it into one"
    case .unreadable(let error): return error.description
    case .notJSON(let bytes):
      return "its \(bytes) bytes are no JSON: it is cut off or damaged; \(again)"
    case .notAReplayFile:
      return "it has no key vmidtorture-replay, so it is no replay file; give one that vmidtorture "
        + "explore has written"
    case .version(let version):
      return "it is of version \(version) of the format, but this build reads version "
        + "\(ReplayFile.version); replay it with the tool that wrote it, or \(again)"
    case .badKey(let key):
      return "its key \(key) is missing or of another type than vmidtorture writes; \(again)"
    case .badScenario(let error):
      return "its scenario cannot run: \(error)"
    case .unknownFault(let name, let names):
      return "it has the fault '\(name)', which this build does not know; there are "
        + names.joined(separator: ", ")
    case .otherSystem(let system, let scenario):
      return "it says system \(system), but its scenario runs \(scenario); \(again)"
    case .badChoice(let choice):
      return "choice \(choice) is not [agent, kind, object, site, value]; \(again)"
    case .badValue(let value):
      return "value \(value) is not [step, agent, of how many, which]; \(again)"
    case .unknownName(let kind, let name, let choice, let nearest):
      return "choice \(choice) names the \(kind) '\(name)', but there is none; "
        + (nearest.map { "did you mean \($0)? " } ?? "") + again
    case .badHash(let text):
      return "its traceHash is '\(text)', but a hexadecimal number with 0x is wanted; \(again)"
    case .diverges(let both):
      return "it does not repeat, so it cannot be shrunk: \(both)"
    case .nothingToShrink:
      return "no oracle spoke in it, so there is nothing to shrink to; give one with a finding"
    }
  }
}
