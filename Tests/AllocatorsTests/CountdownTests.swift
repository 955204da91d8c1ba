// Rare events: as often as asked for, at distances that the seed decides.

import Domain
import Testing

@testable import Allocators

@Suite("Countdowns to rare events") struct CountdownTests {
  /// How many chances passed up to each event, that one included.
  private func distances(every period: Int, chances: Int, seed: UInt64 = 1) -> [Int] {
    var random = RandomStream(Seed(seed))
    var countdown = Countdown(every: period, &random)
    var distances: [Int] = []
    var passed = 0
    for _ in 0..<chances {
      passed += 1
      guard countdown.tick(&random) else { continue }
      distances.append(passed)
      passed = 0
    }
    return distances
  }

  @Test(arguments: [2, 4, 64, 256])
  func `the mean distance is the period`(_ period: Int) {
    let distances = distances(every: period, chances: 4000 * period)
    let mean = Double(distances.reduce(0, +)) / Double(distances.count)
    // The standard deviation of 4,000 distances' mean is below 1 % of the period.
    #expect(abs(mean / Double(period) - 1) < 0.04)
  }

  @Test(arguments: [1, 2, 4, 64])
  func `distances are 1 to two periods less 1, each of them`(_ period: Int) {
    let distances = distances(every: period, chances: 4000 * period)
    #expect(Set(distances) == Set(1...(2 * period - 1)))
  }

  @Test func `a period of 1 is every chance, of 0 none`() {
    #expect(distances(every: 1, chances: 50) == Array(repeating: 1, count: 50))
    #expect(distances(every: 0, chances: 100_000).isEmpty)
  }

  @Test func `same seed, same events`() {
    #expect(
      distances(every: 16, chances: 5000, seed: 7) == distances(every: 16, chances: 5000, seed: 7))
    #expect(
      distances(every: 16, chances: 5000, seed: 7) != distances(every: 16, chances: 5000, seed: 8))
  }
}
