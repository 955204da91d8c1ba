// The cost of one operation, from runs of n and of 2n of them.

/// The cost of one operation by differencing.
///
/// A run of n operations takes `s + n * c`: c is the operation, s is all that happens once per run -
/// starting the threads, warming caches and predictors, reading the clock twice. Dividing by n keeps
/// s / n in the result. A run of 2n takes `s + 2n * c`, so the difference of the two is `n * c`: the
/// start-up cost and the clock's own cost cancel out, whatever they are.
///
/// What does not cancel: a disturbance in one of the two runs. Hence several rounds, their median,
/// and a mark that says whether they agree.
public struct PerOperationCost: Sendable, Equatable {
  /// Operations in the shorter run of every round.
  public let n: Int

  /// The cost of one operation as each round saw it. Noise may make one negative; it stays so,
  /// because cutting it off at 0 would bias the median.
  public private(set) var rounds: [Double] = []

  /// No rounds yet, of `n` and 2 * `n` operations.
  ///
  /// - Precondition: `n` is at least 1.
  public init(n: Int) {
    require(n > 0, "a round needs at least one operation, but n = \(n)")
    self.n = n
  }

  /// The time of one operation, in the unit of the two times.
  ///
  /// - Precondition: `n` is at least 1.
  public static func perOperation(timeForN: Double, timeFor2N: Double, n: Int) -> Double {
    require(n > 0, "a round needs at least one operation, but n = \(n)")
    return (timeFor2N - timeForN) / Double(n)
  }

  /// Adds a round: the times of a run of `n` operations and of one of 2 * `n`.
  public mutating func addRound(timeForN: Double, timeFor2N: Double) {
    rounds.append(Self.perOperation(timeForN: timeForN, timeFor2N: timeFor2N, n: n))
  }

  /// The rounds as samples, for their minimum and spread.
  ///
  /// - Precondition: there is at least one round.
  public var samples: Samples { Samples(rounds) }

  /// The median over the rounds.
  ///
  /// - Precondition: there is at least one round.
  public var median: Double { samples.median }

  /// Whether the rounds agree; see `Samples.isStable(within:)`.
  ///
  /// - Precondition: there is at least one round.
  public func isStable(within limit: Double = 0.05) -> Bool { samples.isStable(within: limit) }
}
