// The stream of choices: reproducible, in bounds, and even enough.

import Domain
import Testing

@Suite("Random streams") struct RandomStreamTests {
  /// Worked out by another program from the definition.
  @Test func `a seed's stream is what it always was`() {
    var stream = RandomStream(Seed(1))
    let numbers = (0..<4).map { _ in stream.next() }
    #expect(
      numbers == [
        0x4B46_A55D_F361_1B9B, 0xD7E1_F141_0E76_3EF4, 0x5F14_EC66_975F_9B06,
        0x3B2C_74FA_D44D_6CDB,
      ])
    var bounded = RandomStream(Seed(1))
    #expect((0..<12).map { _ in bounded.below(10) } == [2, 8, 3, 2, 8, 0, 1, 5, 8, 0, 1, 0])
  }

  @Test func `another seed gives another stream`() {
    var first = RandomStream(Seed(1))
    var second = RandomStream(Seed(2))
    #expect((0..<8).map { _ in first.next() } != (0..<8).map { _ in second.next() })
  }

  @Test(arguments: [1, 2, 3, 10, 1000, 1 << 20, 1 << 32] as [UInt64])
  func `numbers below a bound are below it`(_ bound: UInt64) {
    var stream = RandomStream(Seed(bound))
    #expect((0..<10_000).allSatisfy { _ in stream.below(bound) < bound })
  }

  @Test(arguments: [2, 3, 10, 64, 1000] as [UInt64])
  func `they are spread evenly`(_ bound: UInt64) {
    var stream = RandomStream(Seed(9))
    let expected = 500.0
    var counts = Array(repeating: 0.0, count: Int(bound))
    for _ in 0..<(Int(bound) * 500) { counts[Int(stream.below(bound))] += 1 }
    let chiSquare = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    // Mean bound - 1, standard deviation sqrt(2 (bound - 1)).
    let freedom = Double(bound - 1)
    let deviation = (2 * freedom).squareRoot()
    #expect(abs(chiSquare - freedom) < 4 * deviation, "\(chiSquare)")
  }

  @Test func `neighbours in the stream are not alike`() {
    var stream = RandomStream(Seed(9))
    var counts = Array(repeating: 0.0, count: 64)
    for _ in 0..<32_000 { counts[Int(stream.below(8) << 3 | stream.below(8))] += 1 }
    let chiSquare = counts.reduce(0) { $0 + ($1 - 500) * ($1 - 500) / 500 }
    #expect(abs(chiSquare - 63) < 45, "\(chiSquare)")
  }

  @Test func `an event that happens once in a period does so as often`() {
    var stream = RandomStream(Seed(3))
    let often = (0..<64_000).count { _ in stream.happensOnce(in: 64) }
    // 1,000 expected, standard deviation 31.
    #expect((850...1150).contains(often))
    #expect((0..<100).allSatisfy { _ in stream.happensOnce(in: 1) })
    #expect(!(0..<1000).contains { _ in stream.happensOnce(in: 0) })
  }
}
