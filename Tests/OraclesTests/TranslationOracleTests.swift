// O3 and O4: translations of another VM, and translations from before a completed flush.

import Domain
import Oracles
import Testing

@Suite("O3 and O4: translations") struct TranslationOracleTests {
  private func judge(
    owner: VMIdentity = 7, version: UInt64, oldestValid: UInt64
  ) -> TranslationVerdict? {
    TranslationVerdict.judge(
      owner: owner, expected: 7, version: version, oldestValid: oldestValid)
  }

  @Test func `a translation of another VM is foreign, however fresh`() {
    #expect(judge(owner: 8, version: 9, oldestValid: 1) == .foreign)
    #expect(judge(owner: 8, version: 1, oldestValid: 9) == .foreign)
    #expect(judge(owner: 0, version: 9, oldestValid: 1) == .foreign)
  }

  @Test func `O4 fires for a version below the last completed flush`() {
    #expect(judge(version: 4, oldestValid: 5) == .stale)
    #expect(judge(version: 0, oldestValid: 5) == .stale)
  }

  @Test func `the flushed version itself and newer ones are right`() {
    #expect(judge(version: 5, oldestValid: 5) == nil)
    #expect(judge(version: 6, oldestValid: 5) == nil)
    #expect(judge(version: 0, oldestValid: 0) == nil)
  }

  @Test func `versions are compared across their wrap`() {
    let last: UInt64 = 0xFFFF_FFFF
    #expect(judge(version: 0, oldestValid: last) == nil, "one newer")
    #expect(judge(version: 3, oldestValid: last - 3) == nil)
    #expect(judge(version: last, oldestValid: 0) == .stale, "one older")
    #expect(judge(version: last - 3, oldestValid: 3) == .stale)
    #expect(judge(version: 1 << 31, oldestValid: 1) == nil, "the furthest that counts as newer")
    #expect(judge(version: 1, oldestValid: 2 + 1 << 30) == .stale)
  }

  // MARK: Completed flushes

  @Test func `before any flush every version is valid`() {
    let flushes = CompletedFlushes(vmSlots: 3, pagesPerVM: 5)
    defer { flushes.deallocate() }
    for slot in 0..<3 {
      for page: UInt64 in 0..<5 { #expect(flushes.oldestValid(VMSlot(slot), page: page) == 0) }
    }
  }

  @Test func `each page of each VM has its own`() {
    let flushes = CompletedFlushes(vmSlots: 3, pagesPerVM: 5)
    defer { flushes.deallocate() }
    for slot in 0..<3 {
      for page: UInt64 in 0..<5 {
        flushes.complete(VMSlot(slot), page: page, version: UInt64(10 * slot) + page)
      }
    }
    for slot in 0..<3 {
      for page: UInt64 in 0..<5 {
        #expect(flushes.oldestValid(VMSlot(slot), page: page) == UInt64(10 * slot) + page)
      }
    }
  }

  @Test func `a flush makes earlier translations stale, and those alone`() {
    let flushes = CompletedFlushes(vmSlots: 1, pagesPerVM: 1)
    defer { flushes.deallocate() }
    let lookup = flushes.oldestValid(VMSlot(0), page: 0)
    flushes.complete(VMSlot(0), page: 0, version: 5)
    #expect(judge(version: 4, oldestValid: lookup) == nil, "the lookup began before the flush")
    let later = flushes.oldestValid(VMSlot(0), page: 0)
    #expect(judge(version: 4, oldestValid: later) == .stale)
    #expect(judge(version: 5, oldestValid: later) == nil)
  }
}
