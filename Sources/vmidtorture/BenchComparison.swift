// vmidtorture bench --compare.

import Allocators
import Campaigns
import Domain
import Foundation
import Host
import Reports

/// Systems side by side.
enum BenchComparison {
  private static let times: ClosedRange<Duration> = .milliseconds(10) ... .seconds(3600)

  /// Compares `systems`; all that can be if there are none.
  static func run(
    _ arguments: ParsedArguments, _ signals: Signals, _ systems: [TagSystem]
  ) throws -> Int32 {
    var plan = ComparisonPlan()
    plan.rounds = try arguments.number("--rounds", in: 3...10_000) ?? plan.rounds
    plan.time = try time(arguments) ?? plan.time
    let chosen = systems.isEmpty ? TagSystem.all.filter { $0.prepareBench != nil } : systems
    let isJSON = arguments.has("--json")
    let shows = Output.showsProgress && !arguments.has("--quiet")
    let comparison = try Comparison(plan)
    var rows: [ComparisonReport.Row] = []
    for (number, system) in chosen.enumerated()
    where !signals.wantsStop && !readerIsGone(STDOUT_FILENO) {
      if shows { Output.progress("\(number + 1) of \(chosen.count): \(system.name)") }
      defer { if shows { Output.endProgress() } }
      let row: ComparisonReport.Row
      do {
        row = ComparisonReport.Row(try comparison.row(of: system))
      } catch let error as ComparisonError {
        Output.message("vmidtorture: \(error)")
        return error.exitCode
      }
      // A line as soon as there is one: a table of all systems takes minutes.
      if isJSON { Output.result(try JSONLine.render(row) + "\n") } else { rows.append(row) }
    }
    if isJSON { return 0 }
    return deliver(
      ComparisonReport(host: hostLine(), rows: rows).text(), verdict: "measured", exitCode: 0)
  }

  private static func time(_ arguments: ParsedArguments) throws -> Duration? {
    guard let text = arguments["--time"] else { return nil }
    let time = try DurationText.parse(text)
    guard times.contains(time) else {
      throw UsageError.badValue("--time", text, wanted: "a duration from 10ms to 1h")
    }
    return time
  }
}

extension ComparisonReport.Row {
  init(_ row: ComparedSystem) {
    func load(_ load: ComparisonLoad) -> LoadFigures {
      guard let figures = row.loads[load] else { preconditionFailure("\(load) was not run") }
      return figures
    }
    let flushes = load(.d06)
    self.init(
      system: row.system.name, verdict: "\(row.system.verdict)", host: hostLine(),
      fast: ComparisonReport.Time(row.fast), slow: ComparisonReport.Time(row.slow),
      rollover: row.rollover.map { ComparisonReport.Time($0.cost) },
      slicesPerRollover: row.rollover?.slices,
      tlbEntriesLostPerRollover: load(.d06WithoutUnmaps).lostPerRollover,
      flushes: ComparisonReport.Flushes(
        all: flushes.flushes, everythingOnEveryPCPU: flushes.flushesEverywhere,
        everythingOnOnePCPU: flushes.flushesHere, tags: flushes.flushesOfTags,
        pages: flushes.flushesOfPages),
      d06: ComparisonReport.Load(load(.d06)),
      v3AgainstV4: ComparisonReport.Load(load(.v3AgainstV4)),
      idleVMs: ComparisonReport.Load(load(.idleVMs)))
  }
}

extension ComparisonReport.Time {
  init(_ time: ComparedTime) { self.init(ns: time.nanoseconds, stable: time.isStable) }
}

extension ComparisonReport.Load {
  init(_ figures: LoadFigures) {
    self.init(
      fastPathShare: figures.fastPathShare, rolloversPer1000Entries: figures.rollovers,
      guestEntries: figures.entries, tagBits: figures.tagBits,
      hasMoreTagBits: figures.hasMoreTagBits)
  }
}
