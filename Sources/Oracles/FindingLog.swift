// Where findings go during a run.

import Domain
import Host
import Synchronization

/// The findings of one run. Any thread may add; the first FORBIDDEN one starts the end of the run.
public final class FindingLog: Sendable {
  /// More are counted, not kept: after the first, most are consequences.
  public static let capacity = 64

  private let start: UInt64
  private let judges: Set<OracleID>
  private let kept = HostLock<[Finding]>([])
  private let forbiddenCount = Atomic<Int>(0)
  private let onForbidden: @Sendable () -> Void

  /// An empty log of a run that starts now. What another oracle than `judges` says is not heard: it
  /// does not apply to the system. `onForbidden` is called at every FORBIDDEN finding, on the thread
  /// that has it.
  public init(
    judges: Set<OracleID> = Set(OracleID.allCases),
    onForbidden: @escaping @Sendable () -> Void = {}
  ) {
    self.judges = judges
    start = CycleClock.nanoseconds()
    self.onForbidden = onForbidden
  }

  /// Adds a finding, stamped with the time since the start. One kind of finding per oracle and
  /// pCPU is kept once, so that a flood does not push out the others.
  public func add(_ oracle: OracleID, _ grade: Grade, _ summary: String, on pcpu: PCPU?) {
    guard judges.contains(oracle) else { return }
    let now = elapsed
    if grade == .forbidden {
      forbiddenCount.add(1, ordering: .relaxed)
      onForbidden()
    }
    let finding = Finding(
      oracle: oracle, grade: grade, summary: summary, pcpu: pcpu, elapsed: now)
    kept.withLock { kept in
      let known = kept.contains { $0.oracle == oracle && $0.grade == grade && $0.pcpu == pcpu }
      if !known, kept.count < FindingLog.capacity { kept.append(finding) }
    }
  }

  /// The findings kept, earliest first.
  public var findings: [Finding] { kept.withLock { $0 }.sorted { $0.elapsed < $1.elapsed } }

  /// How many FORBIDDEN findings there were, the dropped ones included.
  public var forbidden: Int { forbiddenCount.load(ordering: .relaxed) }

  /// How long ago the run started.
  public var elapsed: Duration { .nanoseconds(Int64(CycleClock.nanoseconds() - start)) }
}
