// A mixture of strategies: none is best at everything, and plain random walks find what the
// cleverer ones are blind to.

import Domain

/// Gives each execution a strategy by its index, and delegates to it.
///
/// The table repeats every 20 executions, so that any 20 in a row have the right mixture, whoever
/// runs which of them.
public final class Portfolio: Strategy {
  /// The strategies that can be asked for by name.
  public static let names = ["random", "runs", "pct", "pos", "urw", "surw"]

  /// What stands at each of 20 indices in a row; depth 0 where there is none.
  private static let table: [(name: String, depth: Int)] = [
    ("pct", 1), ("surw", 0), ("pct", 2), ("random", 0), ("pos", 0),
    ("pct", 3), ("runs", 0), ("surw", 0), ("pct", 4), ("urw", 0),
    ("pct", 1), ("surw", 0), ("pos", 0), ("pct", 2), ("urw", 0),
    ("pct", 3), ("runs", 0), ("surw", 0), ("pct", 4), ("pos", 0),
  ]

  /// The strategies with their shares in percent, largest first.
  public static var entries: [(name: String, share: Int)] {
    names
      .map { name in (name, 100 * table.count { $0.name == name } / table.count) }
      .filter { $0.1 > 0 }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// The index of the execution that begins next. Counts up by itself.
  public var nextIndex = 0

  private let turns: [Strategy]
  private var current: Unmanaged<Strategy>

  /// A portfolio for the program of `calibration`.
  public init(_ calibration: Calibration) {
    var made: [String: Strategy] = [:]
    turns = Self.table.map { name, depth in
      let key = "\(name) \(depth)"
      let strategy =
        made[key] ?? Self.named(name, calibration: calibration, depth: depth) ?? RandomWalk()
      made[key] = strategy
      return strategy
    }
    current = Unmanaged.passUnretained(turns[0])
  }

  /// The strategy called `name`, fit for the program of `calibration`; nil if there is none.
  /// `depth` is PCT's.
  public static func named(
    _ name: String, calibration: Calibration, depth: Int = 3
  ) -> Strategy? {
    switch name {
    case "random": RandomWalk()
    case "runs": RunLengthRandom()
    case "pct": PCT(depth: depth, steps: calibration.decisions, agents: calibration.agents)
    case "pos": POS()
    case "urw": URW(weights: calibration.events)
    case "surw": SURW(among: calibration.shared)
    default: nil
    }
  }

  /// The strategy of execution `index`.
  public func strategy(for index: Int) -> Strategy { turns[index % turns.count] }

  public override var name: String { "portfolio" }

  public override var wantsEveryStep: Bool {
    current._withUnsafeGuaranteedRef { $0.wantsEveryStep }
  }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    current = Unmanaged.passUnretained(turns[nextIndex % turns.count])
    nextIndex &+= 1
    current._withUnsafeGuaranteedRef { $0.begin(seed, shape) }
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    current._withUnsafeGuaranteedRef { $0.choose(point) }
  }

  public override func chooseValue(below count: Int) -> Int {
    current._withUnsafeGuaranteedRef { $0.chooseValue(below: count) }
  }

  public override func end(_ end: ExecutionEnd) {
    current._withUnsafeGuaranteedRef { $0.end(end) }
  }
}
