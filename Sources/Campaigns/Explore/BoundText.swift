// The honest last line: what an exploration has covered, and what follows from it. Never "passed".

import Domain
import Exploration
import Foundation

/// Sentences about coverage.
struct BoundText {
  let order: ExploreOrder
  let calibration: Calibration
  let plan: StrategyPlan

  /// What schedules chosen at random have shown.
  func sentence(of result: ExploreResult) -> String {
    let count = "\(result.schedules) schedule\(result.schedules == 1 ? "" : "s")"
    if let index = order.index { return "one schedule, number \(index): says nothing of others" }
    if result.schedules == 0 { return "no schedule ran: nothing follows" }
    let limits =
      result.stepLimits == 0
      ? "" : "; \(result.stepLimits) ended at \(order.stepLimit) steps and were not judged"
    guard result.findings.isEmpty else {
      return "\(count) up to the finding, not a complete search\(limits)"
    }
    let bounds = probabilities(of: result)
    return "\(count), not a complete search"
      + (bounds.isEmpty
        ? "; no bound follows for \(order.strategy)"
        : "; a bug of depth d is missed by pct with probability at most "
          + "(1 - 1/(n k^(d-1)))^runs, n = \(agents), k = \(steps): "
          + bounds.joined(separator: ", "))
      + limits
  }

  private var agents: Int { max(calibration.agents, 1) }
  private var steps: Int { max(calibration.decisions, 1) }

  /// For each depth that pct was run with.
  private func probabilities(of result: ExploreResult) -> [String] {
    plan.pctDepths.indices.compactMap { slot in
      guard let depth = plan.pctDepths[slot], result.tallies[slot].schedules > 0 else {
        return nil
      }
      let runs = result.tallies[slot].schedules
      let hit = 1 / (Double(agents) * pow(Double(steps), Double(depth - 1)))
      // By logarithms: the powers are too small for a direct product.
      let missed = exp(Double(runs) * log1p(-min(hit, 1 - 1e-16)))
      return "depth \(depth) \(Self.text(missed)) (\(runs) runs)"
    }
  }

  static func text(_ probability: Double) -> String {
    if probability < 1e-99 { return "< 1e-99" }
    return probability >= 0.01
      ? String(format: "%.2f", probability) : String(format: "%.0e", probability)
  }
}
