// The entry point: which command, and what becomes of its errors.

import Campaigns
import Domain
import Foundation
import Host

/// The process.
@main
enum VMIDTorture {
  static func main() {
    // Before any other thread, so that all of them leave signals to one.
    let signals = Signals()
    exit(run(Array(CommandLine.arguments.dropFirst()), signals))
  }

  /// Runs one command line; returns the exit code.
  static func run(_ arguments: [String], _ signals: Signals) -> Int32 {
    do {
      return try dispatch(arguments, signals)
    } catch let error as CustomStringConvertible {
      Output.message("vmidtorture: \(error.description)")
    } catch {
      Output.message("vmidtorture: \(error)")
    }
    return 2
  }

  private static func dispatch(_ arguments: [String], _ signals: Signals) throws -> Int32 {
    guard let name = arguments.first, name != "--help", name != "help" else {
      Output.result(Help.overview)
      return arguments.isEmpty ? 2 : 0
    }
    if name == "--version" {
      Output.result("vmidtorture \(version)\n")
      return 0
    }
    guard let command = commands.first(where: { $0.name == name }) else {
      throw UsageError.unknownCommand(name, names: commands.map { $0.name })
    }
    let rest = Array(arguments.dropFirst())
    // Before parsing: whoever asks for help may have got the rest wrong.
    if rest.contains("--help") {
      Output.result(Help.text(of: command))
      return 0
    }
    let parsed = try ParsedArguments(rest, of: name, options: command.allOptions)
    return try command.run(parsed, signals: signals)
  }
}
