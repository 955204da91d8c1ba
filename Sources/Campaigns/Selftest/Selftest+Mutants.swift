// The mechanical part of a selftest: every operation and every bound of a system misbehaves in every
// way that it can, one at a time, and the oracles must see it.

import Allocators
import Domain
import Exploration

/// What became of one mutant.
public struct MutantOutcome: Sendable {
  /// What was done to which operation, such as `tear fast-claim`.
  public let name: String
  /// Who saw it; nil for a survivor. `NO END`: the execution went on and on.
  public let killedBy: String?
  /// The scenario that showed it; nil for a survivor.
  public let scenario: String?
  /// Schedules up to it, over all scenarios.
  public let schedules: Int
  /// Why it may survive; nil if it was killed, or if nobody knows.
  public let reason: String?
}

/// Runs the mutants of one system.
public struct MutantRun {
  /// The system.
  public let system: TagSystem
  /// Schedules of each scenario that a mutant has to survive.
  public let schedules: Int
  private let seed: Seed
  private let worlds: [MutantWorld]

  /// The mutants of `system`, in its scenarios and in those of its relatives into which it fits: as
  /// they are written, and stricter.
  ///
  /// - Throws: `MutantError` if the system is reported with nothing done to it.
  public init(_ system: TagSystem, schedules: Int, seed: Seed) throws {
    self.system = system
    self.schedules = schedules
    self.seed = seed
    var worlds: [MutantWorld] = []
    let own = Set(try Selftest.explorationScenarios(of: system))
    for scenario in try Selftest.mutantScenarios(of: system) {
      let isOwn = own.contains(scenario.name)
      do {
        let written = try ControlledWorld(scenario)
        for (name, world) in [
          (scenario.name, written), (scenario.name + ", strict", written.stricter()),
        ] {
          let world = try MutantWorld(name, world, seed)
          if let (oracle, _) = Self.look(in: world, schedules: schedules, seed: seed) {
            throw MutantError.reported(system: system.name, oracle: oracle, world: name)
          }
          worlds.append(world)
        }
      } catch {
        // A relative's may be too small for it, have devices that it knows nothing of, or ask for
        // more than it promises. Its own may not.
        if isOwn { throw error }
      }
    }
    self.worlds = worlds
  }

  /// The names of all mutants.
  public var mutants: [String] {
    Set(worlds.flatMap { $0.operationMutants.keys } + worlds.flatMap { $0.boundMutants.keys })
      .sorted()
  }

  /// Runs one mutant in one scenario after the other, until somebody sees it.
  public func run(_ name: String) throws -> MutantOutcome {
    var count = 0
    for world in worlds {
      guard let mutated = try world.mutated(name) else { continue }
      let killer = Self.look(in: mutated, schedules: schedules, seed: seed)
      mutated.engine.mutation = nil
      count += killer?.schedules ?? schedules
      if let killer {
        return MutantOutcome(
          name: name, killedBy: killer.oracle, scenario: world.name, schedules: count, reason: nil)
      }
    }
    let mutation = worlds.lazy.compactMap { $0.operationMutants[name] }.first
    return MutantOutcome(
      name: name, killedBy: nil, scenario: nil, schedules: count,
      reason: SurvivingMutants.reason(name, mutation, of: system))
  }

  /// The mutants of `system` that may survive, for a reason of their own.
  public static func explained(of system: TagSystem) -> Set<String> {
    SurvivingMutants.names(of: system)
  }

  /// Explores; who saw something, and after how many schedules.
  private static func look(
    in world: MutantWorld, schedules: Int, seed: Seed
  ) -> (oracle: String, schedules: Int)? {
    for index in 0..<schedules {
      let end = world.engine.run(
        world.portfolio.strategy(for: index), ExploreOrder.seed(of: index, from: seed.value))
      switch end.outcome {
      case .finished, .abandoned: continue
      case .stepLimit: return ("NO END", index + 1)
      case .violation(let violation): return (violation.oracle.rawValue, index + 1)
      }
    }
    return nil
  }
}

/// Why mutants cannot be run.
public enum MutantError: Error, Equatable {
  case reported(system: String, oracle: String, world: String)
}

extension MutantError: CustomStringConvertible {
  /// What was wanted, what was given, what to do.
  public var description: String {
    switch self {
    case .reported(let system, let oracle, let world):
      "mutants need a system that nothing is said of, but \(oracle) reports \(system) on "
        + "\(world); take a system that 'vmidtorture list' calls clean"
    }
  }
}
