// Counters: each pCPU's own, added up by readers.

import Domain
import Machines
import Testing

@Suite("Counters of a live machine") struct CounterTests {
  private let small = SmallHardware(pcpus: 3)

  @Test func `a note counts once, or as often as it says`() {
    small[0].note(.migrations)
    small[0].note(.migrations, times: 5)
    small[0].note(.migrations, times: 0)
    #expect(small.hardware.count(.migrations, of: PCPU(0)) == 6)
  }

  @Test func `each counter of each pCPU is its own`() {
    for pcpu in 0..<3 {
      for counter in Counter.allCases {
        small[pcpu].note(counter, times: UInt64(1000 * pcpu + counter.rawValue))
      }
    }
    for pcpu in 0..<3 {
      for counter in Counter.allCases {
        #expect(
          small.hardware.count(counter, of: PCPU(pcpu)) == UInt64(1000 * pcpu + counter.rawValue))
      }
    }
    let sums = small.hardware.counts()
    #expect(Counter.allCases.allSatisfy { sums[$0] == UInt64(3000 + 3 * $0.rawValue) })
  }
}
