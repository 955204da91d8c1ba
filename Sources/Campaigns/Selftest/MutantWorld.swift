// One scenario in which mutants are run, and what there is in it to go wrong.

import Allocators
import Domain
import Exploration
import Machines

/// A scenario, calibrated, and its mutants by name.
struct MutantWorld {
  let name: String
  let engine: Engine
  let portfolio: Portfolio
  /// What can be wrong with the operations that the system makes here.
  let operationMutants: [String: Mutation]
  /// What can be wrong with the sizes that it is made with.
  let boundMutants: [String: BoundMutation]
  private let world: ControlledWorld

  /// A schedule of these worlds has a few hundred steps.
  static let stepLimit = 4000
  /// Schedules that are read for operations.
  private static let samples: UInt64 = 64

  init(_ name: String, _ world: ControlledWorld, _ seed: Seed) throws {
    let program = try world.program()
    let names = TraceNames(world, program)
    self.name = name
    self.world = world
    engine = Engine(program, stepLimit: Self.stepLimit)
    portfolio = Portfolio(Calibration(engine, seed))
    operationMutants = Self.operationMutants(
      engine, names, world.system.traits.idWords, tagBits: world.scenario.tagBits, seed)
    let bounds = try BoundMutation.all(of: world, program, engine, seed)
    boundMutants = Dictionary(uniqueKeysWithValues: bounds.map { ($0.name, $0) })
  }

  private init(_ world: MutantWorld, _ engine: Engine) {
    name = world.name
    self.engine = engine
    portfolio = world.portfolio
    operationMutants = [:]
    boundMutants = [:]
    self.world = world.world
  }

  /// This world with one thing wrong; nil if there is no such thing in it.
  func mutated(_ mutant: String) throws -> MutantWorld? {
    if let mutation = operationMutants[mutant] {
      engine.mutation = mutation
      return self
    }
    guard let bound = boundMutants[mutant] else { return nil }
    let program = try world.changed(bound.change).program()
    return MutantWorld(self, Engine(program, stepLimit: Self.stepLimit))
  }

  // MARK: Operations

  /// The operations that the system itself makes, not the world around it.
  private static func operationMutants(
    _ engine: Engine, _ names: TraceNames, _ idWords: Set<String>, tagBits: Int, _ seed: Seed
  ) -> [String: Mutation] {
    engine.annotates = true
    defer { engine.annotates = false }
    var mutants: [String: Mutation] = [:]
    let walk = RandomWalk()
    for index in 0..<samples {
      engine.run(walk, Seed(seed.value &+ index), records: true)
      let fences = engine.annotations().compactMap { annotation -> ControlledOperation? in
        if case .operation(let operation) = annotation.action, operation.kind == .fence {
          return operation
        }
        return nil
      }
      let steps = engine.trace().map { ($0.operation, isLocal: $0.isLocalInvalidation) }
      for (operation, isLocal) in steps + fences.map({ ($0, isLocal: false) })
      where operation.site.number != 0 && operation.site.number < Site.firstOfTheWorld {
        let object = TraceNames.base(of: names.object(of: operation))
        let isID = idWords.contains(object)
        for mutation in Mutation.all(
          of: operation, generationBit: isID ? 1 << UInt64(tagBits) : 1)
        {
          // A number that is not there would lead out of a bank.
          if case .flip = mutation.kind, !isID, !object.hasSuffix("generation") { continue }
          if isLocal, mutation.kind == .narrow { continue }
          let place = mutation.kind == .unlock ? object : names.site(mutation.site)
          mutants["\(mutation.kind.name) \(place)"] = mutation
        }
      }
    }
    return mutants
  }
}

extension ControlledWorld {
  /// The same with another setup.
  func changed(_ change: (inout ProgramSetup) -> Void) -> ControlledWorld {
    var world = self
    change(&world.setup)
    return world
  }

  /// The same, with every guest entered twice, every vCPU coming back, and with translations that can
  /// be wrong: more of what a system does wrong has consequences.
  func stricter() -> ControlledWorld {
    changed { setup in
      setup.plan.knobs.accessesPerEntry = max(1, setup.plan.knobs.accessesPerEntry)
      setup.plan.knobs.pagesPerVM = max(1, setup.plan.knobs.pagesPerVM)
      setup.steps = setup.steps.map { list in
        (list + list).map { step in
          if case .run(let vcpu, let entries, let abortsFirst, let claims) = step {
            return .run(
              vcpu: vcpu, entries: max(2, entries), abortsFirst: abortsFirst, claims: claims)
          }
          return step
        }
      }
    }
  }
}

extension TraceEvent {
  /// Whether it drops something of its own pCPU's TLB alone.
  fileprivate var isLocalInvalidation: Bool { operation.kind == .invalidate && a & 1 == 0 }
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
