// What there is: systems, faults, scenarios, sites.

import Domain

/// The contents of the tool.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct ListReport: Encodable, Sendable {
  public let command = "list"
  public var systems: [System]
  public var faults: [Fault]
  public var scenarios: [Scenario]
  public var strategies: [Strategy]

  /// A report of these contents.
  public init(
    systems: [System], faults: [Fault], scenarios: [Scenario], strategies: [Strategy]
  ) {
    self.systems = systems
    self.faults = faults
    self.scenarios = scenarios
    self.strategies = strategies
  }

  /// One system.
  public struct System: Encodable, Sendable {
    public let name: String
    public let verdict: String
    public let summary: String
    public let source: String

    /// A row.
    public init(name: String, verdict: String, summary: String, source: String) {
      self.name = name
      self.verdict = verdict
      self.summary = summary
      self.source = source
    }
  }

  /// One fault.
  public struct Fault: Encodable, Sendable {
    public let id: String
    public let name: String
    public let system: String
    public let oracles: [String]
    public let origin: String
    public let detection: String
    public let explorationScenario: String
    public let summary: String

    /// A row.
    public init(
      id: String, name: String, system: String, oracles: [String], origin: String,
      detection: String, explorationScenario: String, summary: String
    ) {
      self.id = id
      self.name = name
      self.system = system
      self.oracles = oracles
      self.origin = origin
      self.detection = detection
      self.explorationScenario = explorationScenario
      self.summary = summary
    }
  }

  /// One scenario.
  public struct Scenario: Encodable, Sendable {
    public let name: String
    public let summary: String

    /// A row.
    public init(name: String, summary: String) {
      self.name = name
      self.summary = summary
    }
  }

  /// One strategy.
  public struct Strategy: Encodable, Sendable {
    public let name: String
    public let summary: String

    /// A row.
    public init(name: String, summary: String) {
      self.name = name
      self.summary = summary
    }
  }

  /// Four tables.
  public func text() -> String {
    var lines = ["systems"]
    lines += indented(systems.map { [$0.name, $0.verdict, $0.summary] })
    lines += systems.map { "    \($0.name): \($0.source)" }
    lines += ["", "faults (soak --fault NAME), where to explore them"]
    lines += indented(
      faults.map { [$0.name, seenBy($0), $0.explorationScenario, $0.origin, $0.summary] })
    lines += ["", "scenarios"]
    lines += indented(scenarios.map { [$0.name, $0.summary] })
    lines += ["", "strategies (explore --strategy NAME)"]
    lines += indented(strategies.map { [$0.name, $0.summary] })
    return lines.joined(separator: "\n") + "\n"
  }

  private func seenBy(_ fault: Fault) -> String {
    switch fault.detection {
    case "equivalent": "nobody: equivalent"
    case "threadSanitizer": "thread sanitizer"
    default: fault.oracles.joined(separator: " ")
    }
  }

  private func indented(_ rows: [[String]]) -> [String] {
    TextTable.render(rows, alignRight: []).map { "  " + $0 }
  }

  /// The site table of one system.
  public static func sitesText(
    system: String, source: String, sites: [SiteDescription]
  ) -> String {
    let rows =
      [["site", "name", "operation", "object", "ordering", "kernel function"]]
      + sites.map {
        ["\($0.site.number)", $0.name, $0.operation, $0.object, $0.ordering, $0.kernelFunction]
      }
    return "\(system): \(source)\n"
      + TextTable.render(rows, alignRight: [0]).joined(separator: "\n") + "\n"
  }
}
