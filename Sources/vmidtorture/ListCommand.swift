// vmidtorture list.

import Allocators
import Campaigns
import Domain
import Host
import Reports

/// What there is.
enum ListCommand: Command {
  static let name = "list"
  static let summary = "systems with their expected verdicts, faults, scenarios, strategies"
  static let synopsis = "[OPTIONS]"

  static let options = [
    Option("--sites", "SYSTEM", "every operation of a system: site, ordering, kernel function")
  ]

  static let notes = "A fault's oracles are those of which one must see it."

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    if let word = arguments.words.first {
      throw UsageError.unexpectedWord(word, command: name)
    }
    if let name = arguments["--sites"] {
      guard let system = TagSystem.named(name) else {
        throw UsageError.unknownName(kind: "system", name, names: TagSystem.all.map(\.name))
      }
      Output.result(
        ListReport.sitesText(system: name, source: system.source, sites: system.sites))
      return 0
    }
    let report = try report()
    Output.result(arguments.has("--json") ? try JSONLine.render(report) + "\n" : report.text())
    return 0
  }

  private static func report() throws -> ListReport {
    ListReport(
      systems: TagSystem.all.map {
        ListReport.System(
          name: $0.name, verdict: "\($0.verdict)", summary: $0.summary, source: $0.source)
      },
      faults: Fault.all.map {
        ListReport.Fault(
          id: $0.id, name: $0.name, system: $0.kind.system.name,
          oracles: $0.oracles.map(\.rawValue), origin: $0.origin,
          detection: $0.detection.rawValue, explorationScenario: $0.explorationScenario,
          summary: $0.summary)
      },
      scenarios: try ScenarioLibrary.builtIn.all.map {
        ListReport.Scenario(name: $0.name, summary: $0.summary)
      },
      strategies: StrategyNames.all.map {
        ListReport.Strategy(name: $0, summary: StrategyNames.summary(of: $0))
      })
  }
}
