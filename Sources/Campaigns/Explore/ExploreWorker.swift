// A worker: an engine of its own, and blocks of schedules until there are no more.

import Domain
import Exploration
import Host

/// Runs blocks of schedules on one thread.
///
/// Sendable because its thread alone uses it.
final class ExploreWorker: @unchecked Sendable {
  /// One schedule in so many is run twice.
  static let checkEvery = 1000

  private let engine: Engine
  private let plan: StrategyPlan
  private let share: ExploreShare
  private let base: UInt64
  private let stopsAtFirst: Bool

  init(_ engine: Engine, _ plan: StrategyPlan, _ order: ExploreOrder, _ share: ExploreShare) {
    self.engine = engine
    self.plan = plan
    self.share = share
    base = order.scheduleSeed
    stopsAtFirst = order.stopsAtFirst
  }

  /// What its schedules counted, those that were run twice included.
  var counts: Counts { engine.counts }

  /// Until there are no more blocks.
  func run() {
    while let (number, block, indices) = share.take() {
      for index in indices where !share.isStopped {
        if !run(index, block) { break }
      }
      share.note(schedules: block.pointee.schedules)
      share.giveBack(number)
    }
  }

  /// One schedule; returns whether to go on.
  private func run(_ index: Int, _ block: UnsafeMutablePointer<ScheduleBlock>) -> Bool {
    if stopsAtFirst && !share.counts(index) { return false }
    let seed = ExploreOrder.seed(of: index, from: base)
    let (slot, strategy) = plan.strategy(for: index)
    let end = engine.run(strategy, seed)
    let isFound = block.pointee.add(end, index: index, slot: slot)
    if index % Self.checkEvery == 0 {
      let again = engine.run(strategy, seed)
      if !again.isSame(as: end) {
        block.pointee.nondeterministic = index
        share.found(at: index)
        return false
      }
    }
    if isFound && stopsAtFirst {
      share.found(at: index)
      return false
    }
    return true
  }
}

extension ExecutionEnd {
  /// Whether both are the same execution.
  func isSame(as other: ExecutionEnd) -> Bool {
    outcome == other.outcome && steps == other.steps && traceHash == other.traceHash
      && fingerprint == other.fingerprint
  }
}
