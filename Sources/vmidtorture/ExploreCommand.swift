// vmidtorture explore.

import Allocators
import Campaigns
import Domain
import Foundation
import Host
import Reports

/// Many schedules of one small program.
enum ExploreCommand: Command {
  static let name = "explore"
  static let summary = "search schedules of a small program for one that breaks a rule"
  static let synopsis = "SCENARIO [OPTIONS]"

  static let options = [
    Option("--time", "DURATION", "how long (default 10s if nothing else ends it)"),
    Option("--schedules", "N", "so many schedules"),
    Option(
      "--strategy", "NAME", StrategyNames.all.joined(separator: ", ") + " (default portfolio)"),
    Option("--bound", "N", "preemptions or delays of dfs and delay (default 2)"),
    Option("--depth", "N", "depth of pct (default 3)"),
    Option("--system", "NAME", "the allocator under test, in place of the scenario's"),
    Option("--fault", "NAME", "put a fault in, by id or name; see vmidtorture list"),
    Option("--seed", "N", "same seed, same schedules (default: random, printed)"),
    Option("--index", "N", "this one schedule of the seed"),
    Option("--jobs", "N", "threads; the result does not depend on it (default 1)"),
    Option("--carrier", "fiber|thread", "what carries a simulated pCPU (default fiber)"),
    Option("--model", "sc", "memory model: sequentially consistent"),
    Option("--stop-first", nil, "end at the first finding (the default)"),
    Option("--keep-going", nil, "go on after findings; up to 16 different ones are kept"),
    Option("--out", "DIR", "where findings are written (default vmidtorture-findings)"),
    Option("--trace", "FILE", "the first finding as Chrome trace JSON, for Perfetto"),
  ]

  static let notes = """
    SCENARIO is one with a program (see vmidtorture list), or the path of a .json5 file that has
    one. A finding is repeated three times, written down, made shorter and told as a table. SIGINT
    ends the search with its summary.
    """

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    let word = try arguments.onlyWord("SCENARIO", of: name)
    var scenario = try ScenarioLibrary.builtIn.scenario(named: word)
    if let system = arguments["--system"] { scenario.system = system }
    let fault = try arguments["--fault"].map(SoakCommand.fault(named:))
    var order = ExploreOrder(
      try ControlledWorld(scenario, fault: fault), seed: try arguments.seed())
    try setLimits(of: &order, arguments)
    if let name = arguments["--strategy"] { order.strategy = name }
    if let text = arguments["--model"], text != "sc" {
      throw UsageError.unknownName(kind: "memory model", text, names: ["sc"])
    }
    order.carrier = try carrier(arguments)
    if arguments.has("--keep-going"), arguments.has("--stop-first") {
      throw UsageError.contradiction("--keep-going", "--stop-first")
    }
    order.stopsAtFirst = !arguments.has("--keep-going")
    if let folder = arguments["--out"] { order.folder = folder }
    try order.validate()
    return try ExploreSession(
      order: order, arguments: arguments, rerun: rerun(arguments, order.seed)
    ).run(signals)
  }

  private static func setLimits(
    of order: inout ExploreOrder, _ arguments: ParsedArguments
  ) throws {
    order.time = try arguments["--time"].map { try DurationText.parse($0) }
    order.schedules = try arguments.number("--schedules", in: 1...1_000_000_000_000)
    order.index = try arguments.number("--index", in: 0...1_000_000_000_000)
    order.bound = try arguments.number("--bound", in: 0...64)
    order.depth = try arguments.number("--depth", in: 1...16)
    order.jobs = try arguments.number("--jobs", in: 1...256) ?? 1
    if order.time == nil, order.schedules == nil, order.index == nil { order.time = .seconds(10) }
  }

  static func carrier(_ arguments: ParsedArguments) throws(UsageError) -> CarrierName {
    guard let text = arguments["--carrier"] else { return .fiber }
    guard let carrier = CarrierName(rawValue: text) else {
      throw .unknownName(
        kind: "carrier", text, names: CarrierName.allCases.map(\.rawValue))
    }
    return carrier
  }

  /// The command line that repeats the run: the same words, with the seed.
  private static func rerun(_ arguments: ParsedArguments, _ seed: Seed) -> String {
    let dropped: Set = ["--seed", "--json", "--quiet", "--trace", "--out"]
    var words = ["vmidtorture", name] + arguments.words
    for (option, value) in arguments.values.sorted(by: { $0.key < $1.key })
    where !dropped.contains(option) {
      words.append(option)
      if !value.isEmpty { words.append(value) }
    }
    return (words + ["--seed", "\(seed)"]).joined(separator: " ")
  }
}

/// One exploration from the command line.
struct ExploreSession {
  let order: ExploreOrder
  let arguments: ParsedArguments
  let rerun: String

  func run(_ signals: Signals) throws -> Int32 {
    let quiet = arguments.has("--quiet")
    let json = arguments.has("--json")
    if let path = arguments["--trace"] { try TraceFile.check(path) }
    if !quiet, !json { Output.result("explore \(report(of: ExploreResult()).parameters)\n") }
    let shows = Output.showsProgress && !quiet
    let result = try Explore.run(order) { progress in
      if signals.takeStatusRequest() { Output.message(line(progress)) }
      if shows { Output.progress(line(progress)) }
      return !signals.wantsStop && !readerIsGone(STDOUT_FILENO)
    }
    if shows { Output.endProgress() }
    if let path = arguments["--trace"], let finding = result.findings.first {
      try TraceFile.write(finding.timeline, to: path)
    }
    let report = report(of: result)
    let text = json ? try JSONLine.render(report) + "\n" : report.text(style: Output.style)
    return deliver(text, verdict: report.verdict, exitCode: report.exitCode)
  }

  private func line(_ progress: ExploreProgress) -> String {
    let seconds = progress.elapsed.inSeconds
    let rate = seconds > 0 ? Double(progress.schedules) / seconds : 0
    return "\(DurationText.rounded(progress.elapsed))  "
      + "\(TextNumber.grouped(UInt64(progress.schedules))) schedules  \(TextNumber.rate(rate))"
  }

  private func report(of result: ExploreResult) -> ExploreReport {
    let world = order.world
    var report = ExploreReport(
      scenario: world.scenario.name, system: world.system.name, fault: world.fault?.name,
      strategy: order.strategy, model: "sc", seed: "\(order.seed)",
      carrier: order.carrier.rawValue, jobs: order.jobs)
    let seconds = result.elapsed.inSeconds
    report.schedules = result.schedules
    report.events = result.events
    report.distinctTraces = result.distinctTraces
    report.traceHash = result.traceHash
    report.distinctIsAtLeast = result.distinctIsAtLeast
    report.complete = result.isComplete
    report.bound = result.bound
    report.seconds = seconds
    report.schedulesPerSecond = seconds > 0 ? Double(result.schedules) / seconds : 0
    report.eventsPerSecond = seconds > 0 ? Double(result.events) / seconds : 0
    report.verdict = result.verdict.rawValue
    report.exitCode = result.verdict.exitCode
    report.stepLimits = result.stepLimits
    report.nondeterministic = result.nondeterministic
    report.strategies = result.tallies.map {
      ExploreReport.StrategyRow(
        name: $0.name, schedules: $0.schedules, events: $0.events, findings: $0.findings)
    }
    report.findings = result.findings.map(row)
    report.coverage = ExploreReport.coverage(of: result.counts)
    report.rerun = rerun
    return report
  }

  private func row(_ finding: ExploreFinding) -> ExploreReport.Finding {
    ExploreReport.Finding(
      oracle: finding.oracle, grade: Grade.forbidden.rawValue, summary: finding.summary,
      strategy: finding.strategy, index: finding.index, seed: "\(finding.seed)",
      replayFile: finding.replayFile, eventsBefore: finding.eventsBefore,
      eventsAfter: finding.eventsAfter, preemptionsBefore: finding.preemptionsBefore,
      preemptionsAfter: finding.preemptionsAfter, isConfirmed: finding.isConfirmed,
      shrinking: finding.shrinking, story: finding.story, rerun: rerun(of: finding))
  }

  /// The seed alone repeats one schedule.
  private func rerun(of finding: ExploreFinding) -> String {
    var words = ["vmidtorture", "explore"] + arguments.words
    for option in ["--system", "--fault", "--strategy", "--depth", "--bound"] {
      if let value = arguments[option] { words += [option, value] }
    }
    words += ["--seed", "\(finding.seed)", "--index", "\(finding.index)"]
    return words.joined(separator: " ")
  }
}

/// Where timelines go.
enum TraceFile {
  /// Says at once if nothing can be written there, not after the search.
  ///
  /// - Throws: `ExploreError.unwritable`.
  static func check(_ path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if !FileManager.default.isWritableFile(atPath: folder) {
      throw ExploreError.unwritable(
        path: path, reason: "its folder is not there or takes no files", option: "--trace")
    }
  }

  /// Writes `timeline` to `path`, whole or not at all.
  ///
  /// - Throws: `ExploreError.unwritable`.
  static func write(_ timeline: Timeline, to path: String) throws {
    do {
      try Data(ChromeTrace.render(timeline).utf8)
        .write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ExploreError.unwritable(
        path: path, reason: error.localizedDescription, option: "--trace")
    }
  }
}
