// A soak's report as text.

import Domain

extension SoakReport {
  /// What runs, in one line: stands at the start and at the end.
  public var parameters: String {
    "\(scenario): \(system)\(fault.map { " with fault \($0)" } ?? ""), \(pcpus) pCPUs, "
      + "\(vms) VMs x \(vcpusPerVM) vCPUs, \(tagBits) tag bits, oracles \(oracles), "
      + "perturb \(perturb), seed \(seed)"
  }

  /// The whole summary. `judges` are the oracles that apply to the system: of these a 0 is shown, too.
  public func text(style: TextStyle, judges: Set<OracleID> = OracleID.common) -> String {
    var lines = [verdictLine(style)]
    lines += findings.map { finding(in: $0, style) }
    lines += stalled.map { "  \($0)" }
    lines.append("")
    lines += TextTable.render(figures, alignRight: [1, 2])
    lines.append("")
    lines.append("oracle checks   " + checks(by: judges))
    lines += TextTable.wrap(coverageItems, label: "coverage        ")
    lines += zeroCoverage.map { "  \(style.warning("never taken")): \($0)" }
    lines.append("memory          \(memoryLine)")
    lines.append("host            \(host)")
    lines.append("run             \(parameters)")
    lines.append("rerun           \(rerun)")
    return lines.joined(separator: "\n") + "\n"
  }

  private func verdictLine(_ style: TextStyle) -> String {
    let words =
      switch verdict {
      case "clean": style.good("clean") + ": no oracle saw anything"
      case "bug": style.bad("BUG")
      case "stall": style.bad("STALL") + ": a pCPU made no progress"
      default: style.bad("NOTHING CHECKED") + ": no oracle made a comparison"
      }
    return "\(words) after \(TextNumber.seconds(durationSeconds))"
      + (verdict == "clean" ? ", \(weight)" : "")
  }

  /// A run without rollovers that is clean says little of a system that has them.
  private var weight: String {
    rollovers == 0 ? "no rollover" : "\(TextNumber.short(rolloversPerSecond)) rollovers/s"
  }

  private func finding(in finding: FindingReport, _ style: TextStyle) -> String {
    let grade =
      finding.grade == Grade.forbidden.rawValue
      ? style.bad(finding.grade) : style.warning(finding.grade)
    return "\(grade)  \(finding.oracle)  \(finding.summary)  "
      + "(\(TextNumber.seconds(finding.elapsedSeconds)))"
  }

  private var figures: [[String]] {
    func row(_ name: String, _ value: UInt64) -> [String] {
      let rate = durationSeconds > 0 ? Double(value) / durationSeconds : 0
      return [name, TextNumber.grouped(value), TextNumber.rate(rate)]
    }
    return [
      row("guest entries", guestEntries), row("  fast path", fastPathEntries),
      row("  slow path", slowPathEntries), row("rollovers", rollovers),
      row("slices", slices), row("  ended by blocking", blocks),
      row("  on another pCPU", migrations), row("TLB hits", tlbHits), row("TLB fills", tlbFills),
      row("VMs created", vmsCreated),
    ]
  }

  private func checks(by judges: Set<OracleID>) -> String {
    OracleID.allCases.filter(judges.contains).compactMap { oracle in
      oracleChecks[oracle.rawValue].map {
        "\(oracle.rawValue) \(TextNumber.short(Double($0)))"
      }
    }.joined(separator: "  ")
  }

  private var coverageItems: [String] {
    let taken = Counter.coverage.filter { coverage["\($0)", default: 0] > 0 }
    return ["\(taken.count) of \(Counter.coverage.count) paths taken:"]
      + taken.map { "\($0) \(TextNumber.short(Double(coverage["\($0)", default: 0])))" }
  }

  private var zeroCoverage: [String] {
    Counter.coverage.map { "\($0)" }.filter { coverage[$0, default: 0] == 0 }
  }

  private var memoryLine: String {
    let early =
      rssAfterFiveSecondsBytes.map { "\(TextNumber.megabytes($0)) after 5 s, " } ?? ""
    return early + "\(TextNumber.megabytes(rssAtEndBytes)) at the end, "
      + "\(TextNumber.megabytes(peakRSSBytes)) at most"
  }
}
