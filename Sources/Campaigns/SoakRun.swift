// A soak: real threads, oracles, a watchdog, until the time is up, somebody stops it, or a bug is
// certain.

import Allocators
import Domain
import Host
import Machines
import Oracles
import Synchronization

/// What a soak is asked to do.
public struct SoakOrder: Sendable {
  /// What runs.
  public var system: TagSystem
  /// Its world and machine.
  public var setup: SoakSetup
  /// How long.
  public var duration: Duration
  /// Whether to go on after a FORBIDDEN finding.
  public var keepGoing = false
  /// A bug ends the run only when one of these oracles has seen it; empty: any of them may.
  public var awaited: Set<OracleID> = []
  /// No progress of a pCPU for this long is a stall.
  public var stallAfter: Duration = .seconds(10)
  /// The watchdog looks this often.
  public var watchdogEvery: Duration = .milliseconds(1)

  /// A soak of `system`.
  public init(system: TagSystem, setup: SoakSetup, duration: Duration) {
    self.system = system
    self.setup = setup
    self.duration = duration
  }
}

/// How a run ended.
public enum Verdict: String, Sendable, Codable {
  case clean
  case bug
  case stall
  case nothingChecked = "nothing-checked"

  /// The process's exit code.
  public var exitCode: Int32 {
    switch self {
    case .clean: 0
    case .bug: 1
    case .stall: 6
    case .nothingChecked: 7
    }
  }
}

/// How far a run is.
public struct SoakProgress: Sendable {
  /// Since the start.
  public let elapsed: Duration
  /// All pCPUs added up.
  public let counts: Counts
  /// FORBIDDEN findings so far.
  public let findings: Int
}

/// What a soak has shown.
public struct SoakResult: Sendable {
  /// How it ended.
  public let verdict: Verdict
  /// Since the start.
  public let elapsed: Duration
  /// All pCPUs added up.
  public let counts: Counts
  /// Comparisons of O9: looks of the watchdog at everybody's progress.
  public let progressLooks: UInt64
  /// What the oracles said, earliest first.
  public let findings: [Finding]
  /// The most memory it ever had, in bytes.
  public let peakResidentBytes: UInt64
  /// Its memory 5 seconds after the start; nil if it did not last that long.
  public let residentBytesAfterFiveSeconds: UInt64?
  /// Its memory at the end.
  public let residentBytesAtEnd: UInt64
  /// What each pCPU was doing when it stalled; empty if none did.
  public let stallReport: [String]

  /// The result of a run that has not begun.
  public static var nothingYet: SoakResult {
    SoakResult(
      verdict: .nothingChecked, elapsed: .zero, counts: Counts(), progressLooks: 0, findings: [],
      peakResidentBytes: 0, residentBytesAfterFiveSeconds: nil, residentBytesAtEnd: 0,
      stallReport: [])
  }
}

/// Runs soaks.
public enum Soak {
  /// A run goes on for so long after the first FORBIDDEN finding: later ones are consequences, but
  /// they help to tell what it was.
  public static let graceAfterBug: Duration = .milliseconds(100)
  /// If all that was seen are wrong translations (O3, O4), which are consequences themselves, it goes
  /// on for up to this long for a finding that names the cause.
  public static let graceForCause: Duration = .seconds(1)

  /// Runs one soak on the calling thread and threads of its own.
  ///
  /// - Parameters:
  ///   - order: what to run.
  ///   - onStart: called when all is prepared and before anything runs.
  ///   - progress: called about 20 times a second; returns whether to go on.
  /// - Throws: `AllocationError` if the system cannot hold the scenario's VMs.
  public static func run(
    _ order: SoakOrder, onStart: () -> Void = {},
    progress: (SoakProgress) -> Bool = { _ in true }
  ) throws -> SoakResult {
    let prepared = try order.system.prepareSoak(order.setup)
    onStart()
    let pcpus = PCPUThreads(prepared, patience: max(.seconds(5), order.stallAfter))
    let watchdog = Watchdog(prepared, order)
    let start = CycleClock.nanoseconds()
    func elapsed() -> Duration { .nanoseconds(Int64(CycleClock.nanoseconds() - start)) }

    pcpus.start()
    watchdog.start()
    var memoryAfterFive: UInt64?
    while elapsed() < order.duration {
      let left = order.duration - elapsed()
      let poll: Duration = prepared.log.forbidden > 0 ? .milliseconds(5) : .milliseconds(50)
      sleepThread(for: max(.zero, min(left, poll)))
      if memoryAfterFive == nil, elapsed() > .seconds(5) {
        memoryAfterFive = ResidentMemory.currentBytes()
      }
      if watchdog.sawStall { break }
      if !order.keepGoing, isOver(prepared.log, order.awaited) { break }
      let now = SoakProgress(
        elapsed: elapsed(), counts: prepared.hardware.counts(), findings: prepared.log.forbidden)
      if !progress(now) { break }
    }
    let end = elapsed()
    watchdog.stop()
    let allCameBack = pcpus.stopAndJoin()
    if !allCameBack, !watchdog.sawStall { watchdog.reportNotBack(after: pcpus.patience) }
    return result(
      of: prepared, order, elapsed: end, memoryAfterFive: memoryAfterFive, watchdog,
      stalled: watchdog.sawStall || !allCameBack)
  }

  /// Whether the log has a bug and its grace is over.
  private static func isOver(_ log: FindingLog, _ awaited: Set<OracleID>) -> Bool {
    guard log.forbidden > 0 else { return false }
    let bugs = log.findings.filter { $0.grade == .forbidden }
    if !awaited.isEmpty { return bugs.contains { awaited.contains($0.oracle) } }
    let now = log.elapsed
    let cause = bugs.first { $0.oracle != .o3 && $0.oracle != .o4 }
    if let cause { return now - cause.elapsed >= graceAfterBug }
    return bugs.first.map { now - $0.elapsed >= graceForCause } ?? false
  }

  private static func result(
    of prepared: PreparedSoak, _ order: SoakOrder, elapsed: Duration,
    memoryAfterFive: UInt64?, _ watchdog: Watchdog, stalled: Bool
  ) -> SoakResult {
    let counts = prepared.hardware.counts()
    let traits = order.system.traits
    if order.setup.oracles != .off,
      ProgressOracle.fastPathIsStarved(counts, floor: traits.fastPathFloor)
    {
      prepared.log.add(
        .o9, .suspicious,
        "only \(counts[.fastPathEntries]) of \(counts[.guestEntries]) entries took the fast path",
        on: nil)
    }
    if order.setup.oracles != .off, ProgressOracle.idlePCPUsHoldNumbers(counts) {
      prepared.log.add(
        .o9, .suspicious,
        "rollovers kept \(counts[.keptForIdle]) tags for pCPUs with nothing loaded, of which they "
          + "met \(counts[.idleAtRollover])", on: nil)
    }
    return SoakResult(
      verdict: verdict(of: prepared, counts, stalled: stalled), elapsed: elapsed,
      counts: counts, progressLooks: watchdog.progressLooks, findings: prepared.log.findings,
      peakResidentBytes: max(ResidentMemory.peakBytes(), ResidentMemory.currentBytes()),
      residentBytesAfterFiveSeconds: memoryAfterFive,
      residentBytesAtEnd: ResidentMemory.currentBytes(), stallReport: watchdog.stallReport)
  }

  /// A certain bug outweighs the stall that may follow from it, but for the finding that says
  /// "stall" itself.
  private static func verdict(
    of prepared: PreparedSoak, _ counts: Counts, stalled: Bool
  ) -> Verdict {
    let bugs = prepared.log.findings.filter {
      $0.grade == .forbidden && !$0.summary.hasPrefix(Watchdog.stallPrefix)
    }
    if !bugs.isEmpty { return .bug }
    if stalled { return .stall }
    if counts.allChecks == 0 { return .nothingChecked }
    return .clean
  }
}
