// An exploration's report as text.

import Domain

extension ExploreReport {
  /// What runs, in one line: stands at the start and at the end.
  public var parameters: String {
    "\(scenario): \(system)\(fault.map { " with fault \($0)" } ?? ""), strategy \(strategy), "
      + "model \(model), carrier \(carrier), jobs \(jobs), seed \(seed)"
  }

  /// The whole summary.
  public func text(style: TextStyle) -> String {
    var lines = [verdictLine(style)]
    for finding in findings { lines += [""] + text(of: finding, style) }
    lines.append("")
    lines += TextTable.render(
      [["strategy", "schedules", "events", "found"]]
        + strategies.filter { $0.schedules > 0 }.map { row in
          [
            row.name, TextNumber.grouped(UInt64(row.schedules)),
            TextNumber.grouped(UInt64(row.events)),
            row.findings == 0 ? "-" : TextNumber.grouped(UInt64(row.findings)),
          ]
        }, alignRight: [1, 2, 3])
    lines.append("")
    let traces = TextNumber.grouped(UInt64(distinctTraces))
    lines.append("traces   \(distinctIsAtLeast ? "at least " : "")\(traces) distinct")
    lines.append(
      "rate     \(TextNumber.rate(schedulesPerSecond)) schedules, "
        + "\(TextNumber.rate(eventsPerSecond)) events, on a host that may do other things")
    lines += TextTable.wrap(coverageItems, label: "coverage ")
    lines.append("run      \(parameters)")
    lines.append("rerun    \(rerun)")
    lines.append("covered  \(bound)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// What happened, the rarest last. Without a rollover and without a number that was used again there
  /// is nothing that a system could have done wrong.
  private var coverageItems: [String] {
    let taken = coverage.filter { $0.value > 0 }
      .sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { "\($0.key) \(TextNumber.short(Double($0.value)))" }
    let isTame = coverage["rollovers"] == 0 && coverage["vmsDestroyed"] == 0
    return taken + (isTame ? ["no rollover, and no VM ended"] : [])
  }

  private func verdictLine(_ style: TextStyle) -> String {
    let words =
      switch verdict {
      case "clean": style.good("nothing found")
      case "bug": style.bad("BUG")
      case "not-confirmed": style.bad("NOT CONFIRMED") + ": what was seen did not repeat"
      case "nondeterministic":
        style.bad("NONDETERMINISTIC")
          + ": schedule \(nondeterministic ?? 0), run twice, gave two executions"
      default: style.bad("NOTHING CHECKED") + ": no schedule came to its end"
      }
    return "\(words) after \(TextNumber.grouped(UInt64(schedules))) schedules, "
      + TextNumber.seconds(seconds)
  }

  private func text(of finding: Finding, _ style: TextStyle) -> [String] {
    var lines = [
      "\(style.bad(finding.grade))  \(finding.oracle)  \(finding.summary)",
      "found by \(finding.strategy), seed \(finding.seed), index \(finding.index)"
        + (finding.isConfirmed ? ", repeated 3 times" : ": repetition did not confirm it"),
      "events \(finding.eventsBefore) -> \(finding.eventsAfter) lines, preemptions "
        + "\(finding.preemptionsBefore) -> \(finding.preemptionsAfter); \(finding.shrinking)",
      "",
    ]
    lines += finding.story.lines(style: style)
    lines += ["", "why     \(finding.story.sentence)"]
    if finding.isConfirmed { lines.append("replay  vmidtorture replay \(finding.replayFile)") }
    lines.append("again   \(finding.rerun)")
    return lines
  }
}
