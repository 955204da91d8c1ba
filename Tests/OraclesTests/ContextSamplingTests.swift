// O1 and O2 by published words: two contexts, and two collects of all.

import Domain
import Oracles
import Testing

@Suite("O1 and O2: sampled contexts") struct ContextSamplingTests {
  private func live(_ slot: Int, _ tag: UInt64, sequence: UInt64 = 1) -> ContextWord {
    ContextWord(sequence: sequence, slot: VMSlot(slot), tag: Tag(tag))
  }

  @Test func `O2 fires for one tag and two VMs`() {
    #expect(
      ContextSampling.judge(entering: live(1, 3), other: live(2, 3)) == .oneTagTwoVMs)
  }

  @Test func `O1 fires for one VM and two tags`() {
    #expect(
      ContextSampling.judge(entering: live(1, 3), other: live(1, 4)) == .oneVMTwoTags)
  }

  @Test func `two pCPUs of one VM with one tag, and two VMs with two tags, get along`() {
    #expect(ContextSampling.judge(entering: live(1, 3), other: live(1, 3, sequence: 9)) == nil)
    #expect(ContextSampling.judge(entering: live(1, 3), other: live(2, 4)) == nil)
  }

  @Test func `an empty context conflicts with nothing`() {
    for sequence: UInt64 in [0, 1, .max] {
      #expect(
        ContextSampling.judge(entering: live(0, 0), other: ContextWord(emptyAt: sequence)) == nil)
    }
  }

  @Test func `the ends of the ranges are told apart`() {
    let all = [0, 1, 65_533, 65_534].flatMap { slot in
      [1, 2, 65_534, 65_535].map { live(slot, $0, sequence: .max) }
    }
    for own in all {
      for other in all {
        let expected: ContextSampling.Conflict? =
          switch (own.slot == other.slot, own.tag == other.tag) {
          case (true, false): .oneVMTwoTags
          case (false, true): .oneTagTwoVMs
          default: nil
          }
        #expect(ContextSampling.judge(entering: own, other: other) == expected)
      }
    }
  }

  // MARK: The double collect

  @Test func `two words that are the same in both collects were live together`() throws {
    let words = [live(1, 3), ContextWord(emptyAt: 4), live(2, 3)]
    let overlap = try #require(ContextSampling.overlap(first: words, second: words))
    #expect(overlap.conflict == .oneTagTwoVMs)
    #expect(overlap.first == (PCPU(0), words[0]))
    #expect(overlap.second == (PCPU(2), words[2]))
  }

  @Test func `a word that changed in between proves nothing, even to the same context`() {
    let first = [live(1, 3, sequence: 1), live(2, 3)]
    let second = [live(1, 3, sequence: 3), live(2, 3)]
    #expect(ContextSampling.overlap(first: first, second: second) == nil)
    #expect(ContextSampling.overlap(first: second, second: first) == nil)
  }

  @Test func `empty collects, and collects of nobody, hold no overlap`() {
    #expect(ContextSampling.overlap(first: [], second: []) == nil)
    let empty = [ContextWord(emptyAt: 1), ContextWord(emptyAt: 1)]
    #expect(ContextSampling.overlap(first: empty, second: empty) == nil)
  }

  @Test func `it finds an overlap exactly when there is one`() {
    var random = RandomStream(Seed(11))
    var found = 0
    for _ in 0..<5000 {
      func word() -> ContextWord {
        random.below(4) == 0
          ? ContextWord(emptyAt: 1)
          : live(Int(random.below(4)), 1 + random.below(4), sequence: random.below(2))
      }
      let first = (0..<4).map { _ in word() }
      let second = first.map { random.below(3) == 0 ? word() : $0 }
      var isThere = false
      for a in 0..<4 {
        for b in 0..<4 where first[a] == second[a] && first[b] == second[b] && first[b].isLive {
          if first[a].isLive, ContextSampling.judge(entering: first[a], other: first[b]) != nil {
            isThere = true
          }
        }
      }
      if isThere { found += 1 }
      #expect((ContextSampling.overlap(first: first, second: second) != nil) == isThere)
    }
    #expect((500...4500).contains(found))
  }
}
