// Both carriers run the same code: one seed, one trace, to the bit.

import Domain
import Exploration
import Testing

@Suite("Carriers") struct CarrierTests {
  @Test("fibers and threads give the same traces", arguments: [false, true])
  func sameTraces(hasTLB: Bool) {
    let fibers = Engine(SmallWorlds.m1(rounds: 2, hasTLB: hasTLB), carrier: .fiber)
    let threads = Engine(SmallWorlds.m1(rounds: 2, hasTLB: hasTLB), carrier: .thread)
    let strategy = RandomWalk()
    var hashes: Set<UInt64> = []
    for index in 0..<200 {
      let one = fibers.run(strategy, Seed(UInt64(index)))
      let other = threads.run(strategy, Seed(UInt64(index)))
      #expect(one.traceHash == other.traceHash)
      #expect(one.fingerprint == other.fingerprint)
      hashes.insert(one.traceHash)
    }
    #expect(hashes.count > 190, "the seed must matter")
  }
}
