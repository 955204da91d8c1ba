// The watchdog: a thread that looks at all pCPUs from outside. It finds what lasts; what is over in
// a moment the entering pCPUs find themselves.

import Allocators
import Domain
import Host
import Machines
import Oracles
import Synchronization

/// Looks for two guests that overlap (O1, O2), for rollovers that do not end (O5) and for pCPUs
/// that make no progress (O9).
final class Watchdog: Sendable {
  /// How the findings of a stall begin.
  static let stallPrefix = "no progress"
  /// Progress is looked at this often; overlaps at every round.
  private static let progressEvery: Duration = .milliseconds(100)

  private let prepared: PreparedSoak
  private let order: SoakOrder
  private let isStopped = Atomic<Bool>(false)
  private let stalled = Atomic<Bool>(false)
  private let looks = Atomic<UInt64>(0)
  private let report = HostLock<[String]>([])
  private let thread = HostLock<PinnedThread?>(nil)

  init(_ prepared: PreparedSoak, _ order: SoakOrder) {
    self.prepared = prepared
    self.order = order
  }

  /// Whether a pCPU has stalled.
  var sawStall: Bool { stalled.load(ordering: .acquiring) }

  /// How often it has compared every pCPU's progress with the time before.
  var progressLooks: UInt64 { looks.load(ordering: .relaxed) }

  /// What each pCPU was doing then.
  var stallReport: [String] { report.withLock { $0 } }

  func start() {
    thread.withLock { $0 = PinnedThread(name: "watchdog", cpu: nil) { self.watch() } }
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    thread.withLock { $0?.join() }
  }

  private func watch() {
    let looksEvery = max(1, Int(Watchdog.progressEvery / order.watchdogEvery))
    let patience = max(1, Int(order.stallAfter / (order.watchdogEvery * looksEvery)))
    var perPCPU = ProgressOracle(pcpuCount: order.setup.pcpus, patience: patience)
    var machine = ProgressOracle(pcpuCount: 1, patience: patience)
    var round = 0
    while !isStopped.load(ordering: .acquiring) {
      sleepThread(for: order.watchdogEvery)
      if order.setup.oracles != .off, prepared.tagsAreGlobal { lookForOverlap() }
      round += 1
      guard round % looksEvery == 0 else { continue }
      looks.add(1, ordering: .relaxed)
      let slices = progress(.slices)
      let idle = progress(.idlePolls)
      let stuck = perPCPU.look(zip(slices, idle).map { $0 + $1 })
      let nobodyRuns = !machine.look([slices.reduce(0, +)]).isEmpty
      if !stuck.isEmpty || nobodyRuns {
        reportStall(of: stuck)
        return
      }
    }
  }

  private func progress(_ counter: Counter) -> [UInt64] {
    (0..<order.setup.pcpus).map { prepared.hardware.count(counter, of: PCPU($0)) }
  }

  /// Two collects, one after the other: what stands in both was live in between.
  private func lookForOverlap() {
    let first = collect()
    let second = collect()
    guard let overlap = ContextSampling.overlap(first: first, second: second) else { return }
    let (a, b) = (overlap.first, overlap.second)
    let isUntagged = order.system.traits.allowsUntagged && a.context.tag.number == 0
    switch overlap.conflict {
    case .oneTagTwoVMs where isUntagged: break
    case .oneTagTwoVMs:
      prepared.log.add(
        .o2, .forbidden,
        "watchdog: tag \(a.context.tag) is in use by \(a.context.slot) on \(a.pcpu) and at the "
          + "same time by \(b.context.slot) on \(b.pcpu)", on: nil)
    case .oneVMTwoTags:
      prepared.log.add(
        .o1, .forbidden,
        "watchdog: \(a.context.slot) is in the guest on \(a.pcpu) with tag \(a.context.tag) and "
          + "at the same time on \(b.pcpu) with tag \(b.context.tag)", on: nil)
    }
  }

  private func collect() -> [ContextWord] {
    let contexts = prepared.hardware.contexts
    return (0..<contexts.count).map { ContextWord(bits: contexts[$0].acquiredValue) }
  }

  /// Some pCPUs did not end when they were asked to.
  func reportNotBack(after patience: Duration) {
    describeAll()
    prepared.log.add(
      .o9, .forbidden,
      "\(Watchdog.stallPrefix) to the end of the run: some pCPU is still in its last slice after "
        + "\(patience.inSeconds) s", on: nil)
  }

  private func describeAll() {
    let names = Dictionary(
      order.system.sites.map { ($0.site, $0.name) }, uniquingKeysWith: { first, _ in first })
    let lines = (0..<order.setup.pcpus).map { describe(PCPU($0), names) }
    report.withLock { $0 = lines }
  }

  private func reportStall(of stuck: [PCPU]) {
    describeAll()
    let pcpus = stuck.map(\.description).joined(separator: ", ")
    let who = "of " + (stuck.isEmpty ? "the whole machine" : pcpus)
    prepared.log.add(
      .o9, .forbidden, "\(Watchdog.stallPrefix) \(who) for \(order.stallAfter.inSeconds) s",
      on: stuck.first)
    for index in 0..<order.setup.pcpus where hasUnfinishedRollover(PCPU(index)) {
      prepared.log.add(
        .o5, .forbidden,
        "\(Watchdog.stallPrefix) of a rollover: pCPU \(index) began it and its flush is not "
          + "complete after \(order.stallAfter.inSeconds) s", on: PCPU(index))
    }
    stalled.store(true, ordering: .releasing)
  }

  /// A rollover is counted when it begins and judged when it has ended.
  private func hasUnfinishedRollover(_ pcpu: PCPU) -> Bool {
    let hardware = prepared.hardware
    return hardware.count(.rollovers, of: pcpu) != hardware.count(.checksO6, of: pcpu)
      && order.setup.oracles != .off && order.system.traits.oracles.contains(.o6)
  }

  /// One line: what the pCPU runs, what it waits for, what it did last.
  private func describe(_ pcpu: PCPU, _ names: [Site: String]) -> String {
    func name(_ site: Site) -> String { names[site] ?? "site \(site.number)" }
    let hardware = prepared.hardware
    let context = ContextWord(bits: hardware.contexts[pcpu].acquiredValue)
    var parts = ["\(pcpu): \(hardware.count(.slices, of: pcpu)) slices"]
    parts.append(
      context.isLive ? "in the guest of \(context.slot), tag \(context.tag)" : "in the host")
    if let awaited = hardware.awaitedLock(of: pcpu) {
      let holder = awaited.holder.map { "held by \($0)" } ?? "free"
      parts.append("waits for the lock at \(name(awaited.site)), \(holder)")
    }
    let last = hardware.lastOperations(of: pcpu).suffix(8)
    if !last.isEmpty {
      parts.append("last: " + last.map { "\($0.kind) \(name($0.site))" }.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }
}
