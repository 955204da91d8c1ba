// The mechanical part of a selftest: every operation of a system misbehaves in every way that it
// can, one at a time, and the oracles must see it.

import Allocators
import Domain
import Exploration
import Host
import Machines

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

/// One operation of a system, as programs make it.
fileprivate struct MutableOperation {
  let operation: ControlledOperation
  /// What it is made to, without whose.
  let object: String
}

/// Runs the mutants of one system.
public struct MutantRun {
  /// The system.
  public let system: TagSystem
  /// Schedules of each scenario that a mutant has to survive.
  public let schedules: Int
  private let seed: Seed
  fileprivate let worlds: [World]

  fileprivate struct World {
    let name: String
    let engine: Engine
    let portfolio: Portfolio
    let names: TraceNames
    let operations: [MutableOperation]
    let tagBits: Int
  }

  /// The mutants of `system`, in all scenarios that fit it.
  public init(_ system: TagSystem, schedules: Int, seed: Seed) throws {
    self.system = system
    self.schedules = schedules
    self.seed = seed
    worlds = try Selftest.explorationScenarios(of: system).map { name in
      var scenario = try ScenarioLibrary.builtIn.scenario(named: name)
      scenario.system = system.name
      let world = try ControlledWorld(scenario)
      let program = try world.program()
      let engine = Engine(program, stepLimit: MutantRun.stepLimit)
      let calibration = Calibration(engine, seed)
      let names = TraceNames(world, program)
      return World(
        name: name, engine: engine, portfolio: Portfolio(calibration), names: names,
        operations: MutantRun.operations(of: engine, names, seed), tagBits: scenario.tagBits)
    }
  }

  /// A schedule of these worlds has a few hundred steps.
  private static let stepLimit = 4000
  /// Schedules that are read for operations.
  private static let samples: UInt64 = 64

  /// Every mutant, one by its name.
  public var mutants: [(name: String, mutation: Mutation)] {
    var found: [String: Mutation] = [:]
    for world in worlds {
      for one in world.operations {
        for mutation in mutations(of: one, world) { found[name(mutation, one, world)] = mutation }
      }
    }
    return found.map { ($0.key, $0.value) }.sorted { $0.name < $1.name }
  }

  /// Runs one mutant in one scenario after the other, until somebody sees it.
  public func run(_ name: String, _ mutation: Mutation) -> MutantOutcome {
    var count = 0
    for world in worlds where world.makes(mutation) {
      world.engine.mutation = mutation
      defer { world.engine.mutation = nil }
      for index in 0..<schedules {
        count += 1
        let end = world.engine.run(
          world.portfolio.strategy(for: index), ExploreOrder.seed(of: index, from: seed.value))
        if let killer = Self.killer(end) {
          return MutantOutcome(
            name: name, killedBy: killer, scenario: world.name, schedules: count, reason: nil)
        }
      }
    }
    return MutantOutcome(
      name: name, killedBy: nil, scenario: nil, schedules: count,
      reason: SurvivingMutants.reason(name, mutation, of: system))
  }

  /// The mutants of `system` that may survive, for a reason of their own.
  public static func explained(of system: TagSystem) -> Set<String> {
    SurvivingMutants.names(of: system)
  }

  private static func killer(_ end: ExecutionEnd) -> String? {
    switch end.outcome {
    case .finished, .abandoned: nil
    case .stepLimit: "NO END"
    case .violation(let violation): violation.oracle.rawValue
    }
  }

  // MARK: What there is to go wrong

  /// The operations that the system itself makes, not the world around it.
  private static func operations(
    of engine: Engine, _ names: TraceNames, _ seed: Seed
  ) -> [MutableOperation] {
    engine.annotates = true
    defer { engine.annotates = false }
    var found: [UInt64: MutableOperation] = [:]
    let walk = RandomWalk()
    for index in 0..<samples {
      engine.run(walk, Seed(seed.value &+ index), records: true)
      let fences = engine.annotations().compactMap { annotation -> ControlledOperation? in
        if case .operation(let operation) = annotation.action, operation.kind == .fence {
          return operation
        }
        return nil
      }
      for operation in engine.trace().map(\.operation) + fences
      where operation.site.number != 0 && operation.site.number < Site.firstOfTheWorld {
        found[operation.bits] = MutableOperation(
          operation: operation, object: TraceNames.base(of: names.object(of: operation)))
      }
    }
    return found.values.sorted { $0.operation.bits < $1.operation.bits }
  }

  private func mutations(of one: MutableOperation, _ world: World) -> [Mutation] {
    let isID = system.traits.idWords.contains(one.object)
    let isGeneration = isID || one.object.hasSuffix("generation")
    return Mutation.all(of: one.operation, generationBit: isID ? 1 << UInt64(world.tagBits) : 1)
      .filter {
        // A number that is not there would lead out of a bank.
        if case .flip = $0.kind { return isGeneration }
        return true
      }
  }

  private func name(_ mutation: Mutation, _ one: MutableOperation, _ world: World) -> String {
    let place = mutation.kind == .unlock ? one.object : world.names.site(mutation.site)
    return "\(mutation.kind.name) \(place)"
  }
}

extension MutantRun.World {
  /// Whether the mutation has anything to do here.
  fileprivate func makes(_ mutation: Mutation) -> Bool {
    operations.contains { mutation.applies(to: $0.operation) }
  }
}

extension Mutation.Kind {
  /// In one word.
  var name: String {
    switch self {
    case .weaken: "weaken"
    case .skip: "skip"
    case .tear: "tear"
    case .flip: "flip"
    case .delay: "delay"
    case .narrow: "narrow"
    case .unlock: "unlock"
    }
  }
}
