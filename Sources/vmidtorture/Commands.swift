// The commands, and what is the same for all of them.

import Campaigns
import Domain
import Host
import Reports

/// One command of the tool.
protocol Command: SendableMetatype {
  /// The word that calls it.
  static var name: String { get }
  /// One line for the overview.
  static var summary: String { get }
  /// The words behind the command, as the help shows them.
  static var synopsis: String { get }
  /// Its options, without the global ones.
  static var options: [Option] { get }
  /// What the help says below the options.
  static var notes: String { get }
  /// Does it; returns the exit code.
  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32
}

extension Command {
  /// Its options and the global ones.
  static var allOptions: [Option] { options + globalOptions }
}

/// All commands, in the order of the overview.
let commands: [any Command.Type] = [
  SoakCommand.self, BenchCommand.self, ExploreCommand.self, ReplayCommand.self,
  ShrinkCommand.self, SelftestCommand.self, ListCommand.self, PlanCommand.self,
]

/// Options that every command has.
let globalOptions = [
  Option("--json", nil, "one JSON object on the last line of stdout"),
  Option("--quiet", nil, "no progress line, no header"),
  Option("--help", nil, "this text"),
]

/// The exit codes, for the help.
let exitCodes = """
  exit codes: 0 clean   1 a certain FORBIDDEN finding, or a wrong verdict of selftest   2 usage
              3 a finding that repetition did not confirm   4 a replay diverged, or one
              schedule gave two executions   6 stall   7 nothing was checked
  """

/// The version of the tool.
let version = toolVersion
