// How many events each pCPU still has to come: the weights of uniform sampling.

import Domain
import Machines

/// A number of events for each pCPU, to draw pCPUs by.
struct EventCounts {
  private var counts = InlineArray<8, UInt64>(repeating: 0)

  @inline(__always)
  subscript(_ pcpu: Int) -> UInt64 {
    get { counts[pcpu] }
    set { counts[pcpu] = newValue }
  }

  /// One event of `pcpu` is over. An estimate that was too low stays at 0.
  @inline(__always)
  mutating func spend(_ pcpu: Int) {
    if counts[pcpu] > 0 { counts[pcpu] &-= 1 }
  }

  /// Draws one of `agents` in proportion to its events, of which it has at least `least`; hardware
  /// has just so many. Returns -1 if nobody has any.
  @inline(__always)
  func draw(
    among agents: AgentSet, pcpuCount: Int, least: UInt64, _ random: inout RandomStream
  ) -> Int {
    var sum: UInt64 = 0
    var rest = agents.bits
    while rest != 0 {
      sum &+= weight(rest.trailingZeroBitCount, pcpuCount, least)
      rest &= rest &- 1
    }
    if sum == 0 { return -1 }
    var place = random.below(sum)
    rest = agents.bits
    while true {
      let agent = rest.trailingZeroBitCount
      let weight = weight(agent, pcpuCount, least)
      if place < weight { return agent }
      place &-= weight
      rest &= rest &- 1
    }
  }

  @inline(__always)
  private func weight(_ agent: Int, _ pcpuCount: Int, _ least: UInt64) -> UInt64 {
    agent < pcpuCount ? max(counts[agent], least) : least
  }
}
