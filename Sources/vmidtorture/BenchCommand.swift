// vmidtorture bench.

import Allocators
import Campaigns
import Domain
import Host
import Reports

/// Fast-path latency and throughput.
enum BenchCommand: Command {
  static let name = "bench"
  static let summary = "measure fast path, slow path and rollover"
  static let synopsis = "[SYSTEM...] [OPTIONS]"

  static let options = [
    Option("--floor", nil, "also the bare compare-exchange, and every row's ratio to it"),
    Option("--case", "NAME[,NAME]", "only these cases: \(caseNames.joined(separator: ", "))"),
    Option("--pcpus", "N", "1 to N pCPUs at once (default: as many as CPUs)"),
    Option("--rounds", "N", "rounds per row; the median counts (default 15, exploration 7)"),
    Option("--exploration", nil, "instead: schedules a second of controlled runs, both carriers"),
    Option(
      "--compare", nil, "instead: the systems side by side, one row each; --json: one line each"),
    Option(
      "--time", "DURATION",
      "with --compare: how long each of its 12 runs a system takes (default 300ms)"),
    Option(
      "--range", nil,
      "instead: stage-2 tables with and without TLBIRANGE, beside the thread's figures; --json as above"
    ),
    Option("--memory", "GB[,GB]", "with --range: guests of 1 to 256 GB (default 1,2,4 ... 128)"),
    Option("--vcpus", "N[,N]", "with --range: of 1 to 512 vCPUs (default 1,2,4 ... 128)"),
    Option(
      "--features", "NAME[,NAME]",
      "with --range: tlbirange, fwb, lpa2 (default tlbirange,fwb, as the thread's CPUs)"),
  ]

  static let notes = """
    SYSTEM is a name from 'vmidtorture list' (default arm64-vmid; with --compare all that have
    nothing wrong, and arm64-vmid-v2 and -v3). Rows are medians; quote ratios from one table, not
    single times from two. --range counts events and predicts their times from one row of the thread:
    about a minute and 300 MB, or a second with --memory 1,2.
    """

  private static var caseNames: [String] { BenchCase.allCases.map(\.rawValue) }

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    if arguments.has("--range") {
      for other in [
        "--compare", "--exploration", "--floor", "--case", "--pcpus", "--rounds", "--time",
      ] where arguments.has(other) {
        throw UsageError.contradiction("--range", other)
      }
      return try BenchRange.run(arguments, signals)
    }
    for option in BenchRange.ownOptions where arguments.has(option) {
      throw UsageError.goesWith(option, "--range")
    }
    if arguments.has("--compare") {
      for other in ["--exploration", "--floor", "--case", "--pcpus"] where arguments.has(other) {
        throw UsageError.contradiction("--compare", other)
      }
      return try BenchComparison.run(arguments, signals, try systems(arguments.words))
    }
    if arguments.has("--time") { throw UsageError.goesWith("--time", "--compare") }
    if arguments.has("--exploration") { return try explorations(arguments, signals) }
    let named = try systems(arguments.words)
    let systems = named.isEmpty ? [.arm64VMID] : named
    let cases = try cases(arguments)
    let cpus = HostDescription.current().allowedCPUs.count
    let most = try arguments.number("--pcpus", in: 1...64) ?? min(cpus, 64)
    var plan = BenchPlan()
    plan.rounds = try arguments.number("--rounds", in: 3...10_000) ?? plan.rounds
    let bench = try Bench(plan)
    let withFloor = arguments.has("--floor")
    var rows: [BenchRow] = []
    for benchCase in cases where withFloor || benchCase != .floor {
      // The floor and the clock are nobody's: once is enough.
      let isBare = benchCase == .floor || benchCase == .clock
      for system in isBare ? Array(systems.prefix(1)) : systems {
        for pcpus in 1...most where !signals.wantsStop {
          if !arguments.has("--quiet"), Output.showsProgress {
            Output.progress("\(system.name) \(benchCase.rawValue), \(pcpus) pCPUs")
          }
          rows.append(try bench.row(benchCase, of: system, pcpus: pcpus))
        }
      }
    }
    if Output.showsProgress { Output.endProgress() }
    return try deliver(report(rows, bench), withFloor: withFloor, json: arguments.has("--json"))
  }

  /// What exploring costs.
  private static func explorations(
    _ arguments: ParsedArguments, _ signals: Signals
  ) throws -> Int32 {
    if let word = arguments.words.first {
      throw UsageError.unexpectedWord(word, command: name)
    }
    var bench = ExplorationBench()
    bench.rounds = try arguments.number("--rounds", in: 3...10_000) ?? bench.rounds
    // Taken first: the measurement itself is a load.
    let load = HostDescription.loadAverage
    let rows = try bench.run { !signals.wantsStop }
    let report = ExplorationBenchReport(
      host: hostLine(), loadAverage: load,
      rows: rows.map { row in
        ExplorationBenchReport.Row(
          scenario: row.scenario, carrier: row.carrier.rawValue, median: row.median,
          rounds: row.schedulesPerSecond, eventsPerSchedule: row.eventsPerSchedule,
          nanosecondsPerEvent: row.nanosecondsPerEvent,
          handOffNanoseconds: row.handOffNanoseconds)
      })
    let text = arguments.has("--json") ? try JSONLine.render(report) + "\n" : report.text()
    return vmidtorture.deliver(text, verdict: "measured", exitCode: 0)
  }

  private static func deliver(
    _ report: BenchReport, withFloor: Bool, json: Bool
  ) throws -> Int32 {
    let text =
      json
      ? try JSONLine.render(report) + "\n"
      : report.text(withFloor: withFloor, style: Output.style)
    return vmidtorture.deliver(text, verdict: "measured", exitCode: 0)
  }

  private static func report(_ rows: [BenchRow], _ bench: Bench) -> BenchReport {
    BenchReport(
      host: hostLine(),
      clock: BenchReport.Clock(
        name: "time-stamp counter", nanosecondsPerTick: bench.calibration.nanosecondsPerCycle,
        relativeSpread: bench.calibration.relativeSpread),
      rows: rows.map { row in
        BenchReport.Row(
          system: row.system, case: row.benchCase.rawValue, pcpus: row.pcpus,
          nsPerOp: row.nsPerOp, cyclesPerOp: row.cyclesPerOp, latency: row.latency,
          preemptedSamples: row.preemptedSamples, opsPerSecond: row.opsPerSecond,
          floorNsPerOp: row.floorNsPerOp, ratioToFloor: row.ratioToFloor, stable: row.isStable)
      })
  }

  private static func systems(_ words: [String]) throws(UsageError) -> [TagSystem] {
    var systems: [TagSystem] = []
    for word in words {
      guard let system = TagSystem.named(word) else {
        throw .unknownName(kind: "system", word, names: TagSystem.all.map(\.name))
      }
      // A version that is there to be found wrong is not measured, but for two that are slow.
      guard system.prepareBench != nil else {
        throw .unknownName(
          kind: "measured system", word,
          names: TagSystem.all.filter { $0.prepareBench != nil }.map(\.name))
      }
      systems.append(system)
    }
    return systems
  }

  private static func cases(_ arguments: ParsedArguments) throws(UsageError) -> [BenchCase] {
    guard let text = arguments["--case"] else { return BenchCase.allCases }
    var cases: [BenchCase] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let benchCase = BenchCase(rawValue: String(name)) else {
        throw .unknownName(kind: "case", String(name), names: caseNames)
      }
      cases.append(benchCase)
    }
    return cases
  }
}
