// Which scenario a name on the command line means: one that is compiled in, or a file.

import Domain

/// The scenarios of the binary, and those in files.
public struct ScenarioLibrary: Sendable {
  private let embedded: [(name: String, bytes: [UInt8])]

  /// A library of scenario files that are compiled in. Names go with or without `.json5`.
  public init(embedded: [(name: String, bytes: [UInt8])]) {
    self.embedded = embedded.map { (name: ScenarioFile.name(of: $0.name), bytes: $0.bytes) }
  }

  /// The names of the scenarios that are compiled in, in the order in which they were given.
  public var names: [String] { embedded.map(\.name) }

  /// The scenarios that are compiled in.
  public var all: [Scenario] {
    get throws(ScenarioError) {
      var scenarios: [Scenario] = []
      for file in embedded { scenarios.append(try scenario(in: file)) }
      return scenarios
    }
  }

  /// The scenario that `text` names: with a `/` in it or `.json5` at its end a file, otherwise one
  /// that is compiled in.
  public func scenario(named text: String) throws(ScenarioError) -> Scenario {
    if text.contains("/") || text.hasSuffix(ScenarioFile.suffix) {
      return try ScenarioFile.load(path: text)
    }
    guard let file = embedded.first(where: { $0.name == text }) else {
      throw .unknownScenario(text, names: names)
    }
    return try scenario(in: file)
  }

  private func scenario(in file: (name: String, bytes: [UInt8])) throws(ScenarioError) -> Scenario {
    try ScenarioFile.parse(file.bytes, name: file.name, path: "\(file.name) (built in)")
  }
}
