// vmidtorture soak.

import Allocators
import Campaigns
import Domain
import Foundation
import Host
import Reports

/// Real threads, oracles, watchdog, summary.
enum SoakCommand: Command {
  static let name = "soak"
  static let summary = "run guests on real threads with every oracle on"
  static let synopsis = "[SCENARIO] [OPTIONS]"

  static var options: [Option] {
    [
      Option("--seed", "N", "same seed, same choices (default: random, printed)"),
      Option("--fault", "NAME", "put a fault in, by id or name; see vmidtorture list"),
      Option("--keep-going", nil, "do not stop 100 ms after the first FORBIDDEN finding"),
    ]
      + Scenario.keys.compactMap { key in
        key.option.map { Option($0, key.range.contains(" ") ? "X" : key.range, help(of: key)) }
      }
  }

  private static func help(of key: ScenarioKey) -> String {
    "\(key.meaning); \(key.range) (default \(key.defaultText))"
  }

  static let notes = """
    SCENARIO is a name from 'vmidtorture list' (default d06) or the path of a .json5 file; options
    override what it says. With --system, one whose rollovers wait until all pCPUs have answered a
    call runs another system's scenario on at most as many pCPUs as there are CPUs, unless --pcpus
    says how many. SIGINT and SIGTERM end a run with its summary, SIGUSR1 prints a status.
    """

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    if arguments.words.count > 1 {
      throw UsageError.unexpectedWord(arguments.words[1], command: name)
    }
    var scenario = try ScenarioLibrary.builtIn.scenario(named: arguments.words.first ?? "d06")
    let writtenFor = scenario.system
    for key in Scenario.keys {
      guard let option = key.option, let text = arguments[option] else { continue }
      try scenario.set(key, to: text)
    }
    var isFitted = false
    if arguments["--pcpus"] == nil, scenario.system != writtenFor {
      isFitted = scenario.fitToCores(HostDescription.current().allowedCPUs.count)
    }
    try scenario.validate()
    let fault = try arguments["--fault"].map(fault(named:))
    let seed = try arguments.seed()
    var order = try SoakOrder(scenario, fault: fault, seed: seed)
    order.keepGoing = arguments.has("--keep-going")
    let run = SoakSession(
      scenario: scenario, fault: fault, seed: seed, order: order,
      rerun: rerun(arguments, pcpus: isFitted ? scenario.pcpus : nil, seed: seed),
      quiet: arguments.has("--quiet"),
      json: arguments.has("--json"))
    return try run.run(signals)
  }

  static func fault(named text: String) throws(UsageError) -> Fault {
    guard let fault = Fault.named(text) else {
      throw .unknownName(kind: "fault", text, names: Fault.all.map(\.name))
    }
    return fault
  }

  /// The command line that repeats the run: the same words, with the seed, and the pCPUs if this host
  /// decided how many they are.
  private static func rerun(_ arguments: ParsedArguments, pcpus: Int?, seed: Seed) -> String {
    var words = ["vmidtorture", name] + arguments.words
    for (option, value) in arguments.values.sorted(by: { $0.key < $1.key })
    where option != "--seed" && option != "--json" && option != "--quiet" {
      words.append(option)
      if !value.isEmpty { words.append(value) }
    }
    if let pcpus { words += ["--pcpus", "\(pcpus)"] }
    return (words + ["--seed", "\(seed)"]).joined(separator: " ")
  }
}

/// One soak from the command line.
struct SoakSession {
  let scenario: Scenario
  let fault: Fault?
  let seed: Seed
  let order: SoakOrder
  let rerun: String
  let quiet: Bool
  let json: Bool

  func run(_ signals: Signals) throws -> Int32 {
    let live = LiveLine(isShown: Output.showsProgress && !quiet)
    let result = try Soak.run(order, onStart: sayParameters) { progress in
      if signals.takeStatusRequest() { Output.message(live.text(progress)) }
      live.show(progress)
      return !signals.wantsStop && !readerIsGone(STDOUT_FILENO)
    }
    live.end()
    let report = report(of: result)
    let text =
      json
      ? try JSONLine.render(report) + "\n"
      : report.text(style: Output.style, judges: order.system.traits.judges)
    return deliver(text, verdict: report.verdict, exitCode: report.exitCode)
  }

  /// The parameters stand at the start, too: a killed run has at least said what it was.
  private func sayParameters() {
    if !quiet, !json { Output.result("soak \(report(of: .nothingYet).parameters)\n") }
  }

  private func report(of result: SoakResult) -> SoakReport {
    SoakReport(
      scenario: scenario.name, system: order.system.name, fault: fault?.name, seed: "\(seed)",
      pcpus: scenario.pcpus, vms: scenario.vms, vcpusPerVM: scenario.vcpusPerVM,
      tagBits: scenario.tagBits, oracles: scenario.oracles.rawValue,
      perturb: scenario.perturb.rawValue, host: hostLine(),
      durationSeconds: result.elapsed.inSeconds, verdict: result.verdict.rawValue,
      exitCode: result.verdict.exitCode, counts: result.counts,
      progressLooks: result.progressLooks, findings: result.findings,
      peakRSSBytes: result.peakResidentBytes,
      rssAfterFiveSecondsBytes: result.residentBytesAfterFiveSeconds,
      rssAtEndBytes: result.residentBytesAtEnd, stalled: result.stallReport, rerun: rerun)
  }
}

/// The host in a line.
func hostLine() -> String {
  let host = HostDescription.current()
  let order = HostDescription.hasTotalStoreOrder ? "" : ", sampled O1/O2 not certain on this host"
  return "\(host.processor), \(host.allowedCPUs.count) CPUs, \(host.kernel) "
    + "\(host.architecture)\(order)"
}

/// The live line of a soak: the rates of the last half second.
final class LiveLine {
  private let isShown: Bool
  private var lastShown: SoakProgress?

  init(isShown: Bool) { self.isShown = isShown }

  func show(_ progress: SoakProgress) {
    guard isShown else { return }
    if let last = lastShown, progress.elapsed - last.elapsed < .milliseconds(500) { return }
    Output.progress(text(progress))
    lastShown = progress
  }

  func end() { if isShown { Output.endProgress() } }

  func text(_ progress: SoakProgress) -> String {
    let before = lastShown
    let seconds = (progress.elapsed - (before?.elapsed ?? .zero)).inSeconds
    func rate(_ counter: Counter) -> String {
      let new = progress.counts[counter] - (before?.counts[counter] ?? 0)
      return TextNumber.rate(seconds > 0 ? Double(new) / seconds : 0)
    }
    let entries = progress.counts[.guestEntries]
    let share =
      entries == 0 ? 0 : 100 * Double(progress.counts[.fastPathEntries]) / Double(entries)
    return "\(DurationText.rounded(progress.elapsed))  entries \(rate(.guestEntries))  "
      + "rollovers \(rate(.rollovers))  fast path \(TextNumber.fixed(share, 1)) %  "
      + "findings \(progress.findings)"
  }
}
