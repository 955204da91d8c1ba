// The search merges states by a key. It must not merge what goes on differently.

import Domain
import Testing

@testable import Allocators

@Suite("The key of a small world's state") struct SmallScopeKeyTests {
  private typealias World = SmallScopeWorld<Arm64VMIDAsMerged>

  /// The keys of all states that one operation leads to.
  private func successors(of state: World.State, in world: inout World) -> [[Int]] {
    world.restore(state)
    var keys: [[Int]] = []
    for operation in world.operations {
      world.restore(state)
      _ = world.perform(operation)
      keys.append(world.key)
    }
    return keys.sorted { $0.lexicographicallyPrecedes($1) }
  }

  @Test(arguments: [
    SmallScope(pcpus: 1, vms: 3, tags: 2), SmallScope(pcpus: 2, vms: 2, tags: 2),
  ])
  func `states with one key lead to the same keys`(_ scope: SmallScope) {
    var world = World(scope)
    var expected = [world.key: successors(of: world.state, in: &world)]
    var queue = [World(scope).state]
    var merged = 0
    while let state = queue.popLast() {
      world.restore(state)
      for operation in world.operations {
        world.restore(state)
        _ = world.perform(operation)
        let reached = world.state
        let key = world.key
        let keys = successors(of: reached, in: &world)
        if let known = expected[key] {
          merged += 1
          #expect(known == keys)
        } else {
          expected[key] = keys
          queue.append(reached)
        }
      }
    }
    #expect(merged > expected.count)
  }

  @Test func `it does not change when VMs or pCPUs change places`() {
    let scope = SmallScope(pcpus: 2, vms: 3, tags: 3)
    var random = RandomStream(Seed(5))
    var world = World(scope)
    var mirror = World(scope)
    for _ in 0..<2000 {
      let operations = world.operations
      let operation = operations[Int(random.below(UInt64(operations.count)))]
      #expect(world.perform(operation) == nil)
      #expect(mirror.perform(mirrored(operation)) == nil)
      #expect(world.key == mirror.key)
    }
  }

  private func mirrored(_ operation: ScopeOperation) -> ScopeOperation {
    switch operation {
    case .enter(let vm, let pcpu): .enter(vm: (vm + 1) % 3, pcpu: 1 - pcpu)
    case .put(let pcpu): .put(pcpu: 1 - pcpu)
    case .recreate(let vm): .recreate(vm: (vm + 1) % 3)
    }
  }

  @Test func `the same world some rollovers later has the same key`() {
    var world = World(SmallScope(pcpus: 1, vms: 2, tags: 2))
    /// Both numbers are used up by VMs that come and go.
    func roundKeys() -> [[Int]] {
      (0..<2).map { _ in
        _ = world.perform(.enter(vm: 0, pcpu: 0))
        _ = world.perform(.put(pcpu: 0))
        _ = world.perform(.recreate(vm: 0))
        return world.key
      }
    }
    _ = roundKeys()
    _ = roundKeys()
    let early = roundKeys()
    for _ in 0..<50 { _ = roundKeys() }
    #expect(roundKeys() == early)
  }
}
