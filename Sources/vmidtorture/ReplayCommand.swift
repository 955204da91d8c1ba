// vmidtorture replay and vmidtorture shrink.

import Campaigns
import Domain
import Host
import Reports

/// Repeats a recorded schedule.
enum ReplayCommand: Command {
  static let name = "replay"
  static let summary = "repeat a recorded schedule step by step and tell its story"
  static let synopsis = "FILE [OPTIONS]"

  static let options = [
    Option("--carrier", "fiber|thread", "what carries a simulated pCPU (default fiber)"),
    Option("--times", "N", "repeat it so often; all must agree (default 1)"),
    Option("--trace", "FILE", "also as Chrome trace JSON, for Perfetto"),
  ]

  static let notes = """
    FILE is one that vmidtorture explore or shrink has written. Every step is compared with the
    recording. At the first difference it stops, shows both sides, and exits with 4; it exits with 1
    if the finding is reproduced.
    """

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    let path = try arguments.onlyWord("FILE", of: name)
    let carrier = try ExploreCommand.carrier(arguments)
    let times = try arguments.number("--times", in: 1...1_000_000_000) ?? 1
    if let place = arguments["--trace"] { try TraceFile.check(place) }
    let result = try ReplayCampaign.run(path: path, carrier: carrier, times: times)
    if let place = arguments["--trace"] { try TraceFile.write(result.timeline, to: place) }
    let report = ReplayReport(
      verdict: result.verdict.rawValue, reproduced: result.isReproduced,
      diverged: !result.isReproduced, events: result.events, traceHash: result.traceHash,
      parameters: parameters(of: result.file), times: result.times,
      divergence: result.divergence, oracle: result.file.outcome.oracle, story: result.story,
      rerun: "vmidtorture replay \(path)")
    if !arguments.has("--json"), !arguments.has("--quiet") {
      Output.result("replay \(report.parameters)\n")
    }
    let text =
      arguments.has("--json")
      ? try JSONLine.render(report) + "\n" : report.text(style: Output.style)
    return deliver(text, verdict: report.verdict, exitCode: result.verdict.exitCode)
  }

  static func parameters(of file: ReplayFile) -> String {
    "\(file.scenarioName): \(file.system)\(file.fault.map { " with fault \($0)" } ?? ""), "
      + "\(file.choices.count) steps, found by \(file.strategy), seed \(file.seed), "
      + "index \(file.index)"
  }
}

/// Makes a recorded finding shorter.
enum ShrinkCommand: Command {
  static let name = "shrink"
  static let summary = "find a shorter schedule with the same finding"
  static let synopsis = "FILE [OPTIONS]"

  static let options = [
    Option("--out", "FILE", "where the shorter one goes (default: beside it, -short.json)")
  ]

  static let notes = """
    FILE is a replay file with a finding. The shorter schedule is written as a replay file, too; its
    scenario has what is left of the program. It exits with 1: the finding is still there.
    """

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    let path = try arguments.onlyWord("FILE", of: name)
    let shorter = try ShrinkCampaign.run(path: path, to: arguments["--out"])
    let report = ShrinkReport(
      replayFile: shorter.path, eventsBefore: shorter.eventsBefore,
      eventsAfter: shorter.eventsAfter, preemptionsBefore: shorter.preemptionsBefore,
      preemptionsAfter: shorter.preemptionsAfter, minimal: shorter.isMinimal,
      replays: shorter.replays, exitCode: 1, shrinking: shorter.text, story: shorter.story,
      parameters: ReplayCommand.parameters(of: shorter.file))
    if !arguments.has("--json"), !arguments.has("--quiet") {
      Output.result("shrink \(report.parameters)\n")
    }
    let text =
      arguments.has("--json")
      ? try JSONLine.render(report) + "\n" : report.text(style: Output.style)
    return deliver(text, verdict: "bug", exitCode: report.exitCode)
  }
}
