// O13: what a hypervisor and its guests may be shown.

import Domain
import Oracles
import Testing

@Suite("Nested isolation") struct NestingOracleTests {
  @Test(arguments: 0..<3, 0..<3)
  func `an entry is for whom it was made`(_ inner: Int, _ madeFor: Int) {
    let verdict = NestingVerdict.judge(inner: inner, madeFor: madeFor, version: 7, oldest: 7)
    #expect(verdict == (inner == madeFor ? nil : .otherLevel))
  }

  @Test(
    arguments: [(6, NestingVerdict.flushedInside), (7, nil), (8, nil)]
      as [(UInt64, NestingVerdict?)])
  func `nothing older than the last flush may be left`(
    _ version: UInt64, _ expected: NestingVerdict?
  ) {
    #expect(
      NestingVerdict.judge(inner: 1, madeFor: 1, version: version, oldest: 7) == expected)
  }

  @Test func `versions wrap at 32 bits`() {
    #expect(
      NestingVerdict.judge(inner: 1, madeFor: 1, version: 1, oldest: 0xFFFF_FFFF) == nil)
    #expect(
      NestingVerdict.judge(inner: 1, madeFor: 1, version: 0xFFFF_FFFF, oldest: 1)
        == .flushedInside)
  }
}
