// The equivalent mutant behaves like the right code and is other code.

import Allocators
import Domain
import Exploration
import Machines
import Testing

@Suite("The equivalent mutant") struct EquivalentFaultTests {
  /// What one schedule of a system does, plain memory included.
  private func actions(of system: TagSystem) -> (end: ExecutionEnd, actions: [Annotation.Action]) {
    let engine = Engine(SmallWorlds.m1(rounds: 2, hasTLB: false, system))
    engine.annotates = true
    let end = engine.run(RandomWalk(), Seed(5), records: true)
    return (end, engine.annotations().map(\.action))
  }

  @Test("takes the same steps and touches plain memory in another order")
  func sameStepsOtherOrder() throws {
    let mutant = try #require(Fault.named("B24")?.kind.system)
    let right = actions(of: .arm64VMID)
    let other = actions(of: mutant)
    #expect(right.end.outcome == .finished && other.end.outcome == .finished)
    // Nobody but the holder of the lock sees the order in which it forgets and bumps.
    #expect(right.end.traceHash == other.end.traceHash)
    let engine = Engine(SmallWorlds.m1(rounds: 2, hasTLB: false, mutant))
    engine.annotates = true
    engine.run(RandomWalk(), Seed(5), records: true)
    let bump = engine.trace().firstIndex { $0.operation.kind == .add }
    let bumpStep = try #require(bump)
    // The mutant has forgotten the numbers before the generation is bumped, the right code after.
    func writesBeforeBump(_ engine: Engine) -> Int {
      engine.annotations().count { note in
        if case .write = note.action { note.step < bumpStep } else { false }
      }
    }
    let rightEngine = Engine(SmallWorlds.m1(rounds: 2, hasTLB: false))
    rightEngine.annotates = true
    rightEngine.run(RandomWalk(), Seed(5), records: true)
    #expect(writesBeforeBump(engine) > writesBeforeBump(rightEngine))
  }
}
