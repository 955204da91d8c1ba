// vmidtorture bench --range.

import Allocators
import Campaigns
import Domain
import Foundation
import Host
import RangeInvalidation
import Reports

/// Invalidation by ranges: the runs of the thread that brought it to KVM.
enum BenchRange {
  static let ownOptions = ["--memory", "--vcpus", "--features"]

  static func run(_ arguments: ParsedArguments, _ signals: Signals) throws -> Int32 {
    if let word = arguments.words.first {
      throw UsageError.unexpectedWord(word, command: BenchCommand.name)
    }
    let plan = try plan(arguments)
    let isJSON = arguments.has("--json")
    let shows = Output.showsProgress && !arguments.has("--quiet")
    defer { if shows { Output.endProgress() } }
    if shows { Output.progress("calibrating") }
    var bench = RangeBench(features: plan.features)
    var rows: [RangeRow] = []
    for (number, row) in plan.rows.enumerated()
    where !signals.wantsStop && !readerIsGone(STDOUT_FILENO) {
      if shows {
        Output.progress(
          "\(number + 1) of \(plan.rows.count): \(row.measure.rawValue), "
            + "\(row.guest.backing.rawValue), \(row.guest.gigabytes) GB")
      }
      let measured = bench.row(row)
      rows.append(measured)
      if isJSON {
        let line = RangeReport.Row(measured, bench.costs, plan.features)
        Output.result(try JSONLine.render(line) + "\n")
      }
    }
    if isJSON { return 0 }
    let report = RangeReport(
      host: hostLine(), features: names(of: plan.features), costs: RangeReport.Costs(bench.costs),
      rows: rows.map { RangeReport.Row($0, bench.costs, plan.features) }, lines: lines(rows))
    return deliver(report.text(), verdict: "measured", exitCode: 0)
  }

  private static func plan(_ arguments: ParsedArguments) throws -> RangeBenchPlan {
    var plan = RangeBenchPlan()
    plan.memory = try arguments.numbers("--memory", in: RangeGuest.sizes) ?? plan.memory
    plan.vcpus = try arguments.numbers("--vcpus", in: RangeGuest.vcpuCounts) ?? plan.vcpus
    if let text = arguments["--features"] {
      plan.features = try RangeFeatures(parsing: text)
      guard plan.features.contains(.tlbiRange) else {
        throw UsageError.badValue(
          "--features", text, wanted: "a list with tlbirange, which is what base does without,")
      }
    }
    return plan
  }

  /// Through each column of Unmap VM, where there are rows enough.
  private static func lines(_ rows: [RangeRow]) -> [RangeReport.Line] {
    var lines: [RangeReport.Line] = []
    for backing in RangeBacking.allCases {
      let rows = rows.filter { $0.row.measure == .unmap && $0.row.guest.backing == backing }
      for (name, variant) in [("base", \RangeTimes.base), ("series", \.series)] {
        let thread = RangeLine(
          rows.compactMap { row in
            row.thread.map { (row.row.guest.gigabytes, $0[keyPath: variant]) }
          })
        let model = RangeLine(
          rows.map { ($0.row.guest.gigabytes, $0.predicted[keyPath: variant]) })
        guard let thread, let model else { continue }
        lines.append(
          RangeReport.Line(
            column: "\(backing.rawValue), \(name)", thread: (thread.fixed, thread.perGigabyte),
            model: (model.fixed, model.perGigabyte)))
      }
    }
    return lines
  }

  fileprivate static func names(of features: RangeFeatures) -> String {
    RangeFeatures.names.filter { features.contains($0.feature) }.map(\.name)
      .joined(separator: ",")
  }
}

extension RangeReport.Costs {
  init(_ costs: RangeCosts) {
    let guest = ThreadFigures.Row.calibration.guest
    self.init(
      calibratedOn: "\(ThreadFigures.Row.calibration.measure.rawValue), "
        + "\(guest.backing.rawValue), \(guest.gigabytes) GB",
      nsPerLeaf: costs.perLeaf * 1e9, nsPerBroadcast: costs.perBroadcast * 1e9,
      constantRatio: costs.constantRatio)
  }
}

extension RangeReport.Events {
  init(_ host: HostEvents, _ guests: GuestEvents?) {
    self.init(
      leaves: host.leaves, broadcasts: host.broadcasts, rangeInvalidations: host.ranges,
      pageInvalidations: host.pages, tagInvalidations: host.tags)
    accesses = guests?.accesses
    faults = guests?.faults
    fills = guests?.fills
    refills = guests?.refills
    walkSteps = guests?.walkSteps
    stage2Hits = guests?.stage2Hits
  }
}

extension RangeReport.Row {
  init(_ row: RangeRow, _ costs: RangeCosts, _ features: RangeFeatures) {
    func events(_ events: RangeEvents) -> RangeReport.Events {
      RangeReport.Events(row.host(events) ?? HostEvents(), row.guests(events))
    }
    let guest = row.row.guest
    self.init(
      measure: row.row.measure.rawValue, backing: guest.backing.rawValue,
      gigabytes: guest.gigabytes, vcpus: guest.vcpus, features: BenchRange.names(of: features),
      costs: RangeReport.Costs(costs),
      events: RangeReport.Pair(base: events(row.base), series: events(row.series)),
      predictedSeconds: RangeReport.Pair(base: row.predicted.base, series: row.predicted.series),
      predictedRatio: row.predictedRatio)
    let errors = row.errors
    (baseError, seriesError, savedError, ratioError) = errors
    ratioGivenBase = row.ratioGivenBase
    givenBaseError = row.errorGivenBase
    cpuSeconds = row.cpuSeconds
    constantRatioError = row.constantError
    guard let thread = row.thread else { return }
    threadSeconds = RangeReport.Pair(base: thread.base, series: thread.series)
    threadRatio = thread.ratio
    unexplainedSeconds = RangeReport.Pair(
      base: thread.base - row.predicted.base, series: thread.series - row.predicted.series)
    notExplained = row.notExplained
  }
}

extension ParsedArguments {
  /// Whole numbers, separated by commas; none twice.
  func numbers(_ option: String, in range: ClosedRange<Int>) throws(UsageError) -> [Int]? {
    guard let text = self[option] else { return nil }
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let number = Int(part), range.contains(number), !numbers.contains(number) else {
        throw .badValue(
          option, text,
          wanted: "a list of different whole numbers from \(range.lowerBound) to "
            + "\(range.upperBound), with commas between them,")
      }
      numbers.append(number)
    }
    return numbers
  }
}
