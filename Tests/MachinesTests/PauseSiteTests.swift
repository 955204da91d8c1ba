// Pauses drawn by site: rare sites get as many as frequent ones.

import Domain
import Testing

@testable import Machines

@Suite("Pauses at chosen sites") struct PauseSiteTests {
  /// Sites 1 to 4 in turn, and site 5 once in 60 operations.
  private func site(_ operation: Int) -> Site {
    operation % 60 == 59 ? Site(5) : Site(UInt16(operation % 4 + 1))
  }

  /// The sites of the operations that a pause came before.
  private func pauses(
    at sites: [Site], seed: UInt64 = 1, period: UInt64 = 64, operations: Int = 200_000
  ) -> [Site] {
    let hardware = LiveHardware(
      pcpuCount: 1, tagBits: 4,
      pauses: PausePlan(period: period, rarePerMille: 0, longPerMille: 0), pauseSites: sites,
      seed: Seed(seed), watcher: KeepingWatcher())
    let m = hardware.instrumentedMachine(PCPU(0))
    let word = hardware.memory.word(initially: 0, named: "word")
    var before: UInt64 = 0
    return (0..<operations).map(site).filter { site in
      _ = m.load(word, .relaxed, at: site)
      let now = hardware.count(.pauses, of: PCPU(0))
      defer { before = now }
      return now != before
    }
  }

  @Test func `they come at these sites and at no others`() {
    let sites = pauses(at: [Site(2), Site(5)])
    #expect(Set(sites) == [Site(2), Site(5)])
  }

  @Test func `a rare site gets as many as a frequent one`() {
    let sites = pauses(at: [Site(2), Site(5)])
    let share = Double(sites.count { $0 == Site(5) }) / Double(sites.count)
    #expect((0.4...0.6).contains(share), "\(share)")
  }

  @Test func `a site that never comes is given up for another`() {
    let sites = pauses(at: [Site(99), Site(2)])
    #expect(Set(sites) == [Site(2)])
    // Half of the draws are for site 99 and cost four periods each.
    #expect(sites.count > 400)
  }

  @Test func `without a list they come anywhere`() {
    #expect(Set(pauses(at: [])) == Set((1...5).map { Site($0) }))
  }

  @Test func `same seed, same pauses`() {
    let first = pauses(at: [Site(2), Site(5)], seed: 3, operations: 20_000)
    #expect(first == pauses(at: [Site(2), Site(5)], seed: 3, operations: 20_000))
    #expect(first != pauses(at: [Site(2), Site(5)], seed: 4, operations: 20_000))
  }
}
