// Breadth first over all sequences of operations: what it finds first is the shortest.

@testable import Allocators

/// A search through every state of a small world.
struct SmallScopeSearch<Rules: Arm64VMIDRules> {
  private typealias World = SmallScopeWorld<Rules>

  let scope: SmallScope
  /// More operations in a row are not tried.
  var mostOperations = Int.max

  /// Searches until there is a violation or no new state.
  func run() -> ScopeResult {
    var world = World(scope)
    // A state and how it was reached: the state before it, and the operation.
    var states = [world.state]
    var origins: [(from: Int, by: ScopeOperation)?] = [nil]
    var known: Set<[Int]> = [world.key]
    var layer = [0]
    var operations = 0
    while !layer.isEmpty, operations < mostOperations {
      operations += 1
      var next: [Int] = []
      for from in layer {
        world.restore(states[from])
        for operation in world.operations {
          world.restore(states[from])
          if let violation = world.perform(operation) {
            return .violation(violation, after: path(to: from, origins) + [operation])
          }
          guard known.insert(world.key).inserted else { continue }
          next.append(states.count)
          states.append(world.state)
          origins.append((from, operation))
        }
      }
      layer = next
    }
    return .clean(states: states.count, isComplete: layer.isEmpty, branches: world.branches)
  }

  private func path(
    to state: Int, _ origins: [(from: Int, by: ScopeOperation)?]
  ) -> [ScopeOperation] {
    var operations: [ScopeOperation] = []
    var at = state
    while let origin = origins[at] {
      operations.append(origin.by)
      at = origin.from
    }
    return operations.reversed()
  }
}
