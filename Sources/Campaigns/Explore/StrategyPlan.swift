// Which strategy runs a schedule: a function of the schedule's index alone, so that it does not
// matter who runs it.

import Domain
import Exploration

/// The strategies that `explore` knows.
public enum StrategyNames {
  /// A mixture of all that choose at random.
  public static let portfolio = "portfolio"
  /// Those that go through all schedules.
  public static let exhaustive = ["dfs", "delay", "dpor"]
  /// All of them.
  public static var all: [String] { [portfolio] + Portfolio.names + exhaustive }

  /// What each of them does, in a line.
  public static func summary(of name: String) -> String {
    switch name {
    case portfolio: "the default: all random ones in turn, by index"
    case "random": "whoever can go is equally likely to"
    case "runs": "the same for runs of 1 to 256 steps"
    case "pct": "priorities with --depth - 1 changes"
    case "pos": "priorities per step, redrawn at a race"
    case "urw": "uniform over all orders of straight programs"
    case "surw": "uniform over the orders of one or two objects' steps"
    case "dfs": "every schedule with at most --bound preemptions"
    case "delay": "every schedule with at most --bound delays"
    case "dpor": "one schedule of every trace, no bound"
    default: ""
    }
  }
}

/// One worker's strategies.
final class StrategyPlan {
  /// What a table of results calls them, by slot.
  let labels: [String]
  /// By slot; nil where no probability follows.
  let pctDepths: [Int?]
  private let strategies: [Strategy]
  private let portfolio: Portfolio?

  /// The plan that `order` asks for.
  ///
  /// - Throws: `ExploreError` for a name that means nothing.
  init(_ order: ExploreOrder, _ calibration: Calibration) throws(ExploreError) {
    if order.strategy == StrategyNames.portfolio {
      let portfolio = Portfolio(calibration)
      var found: [Strategy] = []
      // Its table repeats every 20 schedules.
      for index in 0..<20 {
        let strategy = portfolio.strategy(for: index)
        if !found.contains(where: { $0 === strategy }) { found.append(strategy) }
      }
      strategies = found
      self.portfolio = portfolio
    } else {
      guard
        let strategy = Portfolio.named(
          order.strategy, calibration: calibration, depth: order.depth ?? 3)
      else { throw .unknownStrategy(order.strategy, names: StrategyNames.all) }
      strategies = [strategy]
      portfolio = nil
    }
    pctDepths = strategies.map { ($0 as? PCT)?.depth }
    labels = strategies.map { strategy in
      (strategy as? PCT).map { "pct, depth \($0.depth)" } ?? strategy.name
    }
  }

  /// The strategy of schedule `index`, and its slot.
  @inline(__always)
  func strategy(for index: Int) -> (slot: Int, strategy: Strategy) {
    guard let portfolio else { return (0, strategies[0]) }
    let strategy = portfolio.strategy(for: index)
    var slot = 0
    while strategies[slot] !== strategy { slot += 1 }
    return (slot, strategy)
  }
}
