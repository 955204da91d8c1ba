// Bounds that are off by one: of the numbers that there are, and of loops.

import Allocators
import Domain
import Exploration
import Machines

/// What is off by one.
enum BoundMutation {
  /// There are so many numbers, and one more is handed out.
  case raiseLastTag(last: Int)
  /// The highest number is never handed out.
  case lowerLastTag
  /// Loops over the places of this name leave the last one out.
  case missLast(String)

  var name: String {
    switch self {
    case .raiseLastTag: "raise last-tag"
    case .lowerLastTag: "lower last-tag"
    case .missLast(let bank): "miss last \(bank)"
    }
  }

  /// Changes what a program is made of.
  func change(_ setup: inout ProgramSetup) {
    switch self {
    case .raiseLastTag(let last):
      setup.configuration.usableTags = last + 1
      setup.plan.knobs.highestTag = UInt64(last)
    case .lowerLastTag: setup.configuration.usableTags -= 1
    case .missLast(let bank): setup.shortBank = bank
    }
  }

  /// Those that make sense in `world`.
  static func all(
    of world: ControlledWorld, _ program: ControlledProgram, _ engine: Engine, _ seed: Seed
  ) throws -> [BoundMutation] {
    let tags = world.setup.configuration.usableTags
    let held = Int(world.setup.plan.initialState?.numbers.max() ?? 0)
    let least = world.system.traits.leastTags(world.scenario.pcpus, world.scenario.vms)
    var all: [BoundMutation] = []
    // So few that they are used up.
    let last = max(held, min(world.scenario.vms, least) - 1)
    if last > 0, last < tags { all.append(.raiseLastTag(last: last)) }
    if tags > max(least, held) { all.append(.lowerLastTag) }
    let loops = program.memory.bankNames.sorted().map { BoundMutation.missLast($0) }
    return try all + loops.filter { try $0.changesAnything(in: world, engine, seed) }
  }

  /// Schedules that are compared.
  private static let samples: UInt64 = 64

  /// Whether there is such a loop at all: without, every schedule is what it was.
  private func changesAnything(
    in world: ControlledWorld, _ engine: Engine, _ seed: Seed
  ) throws -> Bool {
    // A place beyond its bank stops a build that checks.
    if Self.checksBanks { return false }
    let mutated = Engine(try world.changed(change).program(), stepLimit: MutantWorld.stepLimit)
    mutated.annotates = true
    engine.annotates = true
    defer { engine.annotates = false }
    let walk = RandomWalk()
    return (0..<Self.samples).contains { index in
      [mutated, engine].forEach { $0.run(walk, Seed(seed.value &+ index), records: true) }
      return mutated.annotations().count != engine.annotations().count
        || mutated.trace().count != engine.trace().count
    }
  }

  /// Whether the build checks indices of banks.
  private static let checksBanks: Bool = {
    var checks = false
    assert({ checks = true }() == ())
    return checks
  }()
}
