// Races on plain memory: vector clocks, as C11 has happens-before. Words synchronise by their
// orderings, locks always; a pair of accesses to a cell that nothing orders is a finding.

import Domain
import Machines

extension EngineState {
  /// The later of the two, place by place. Clocks are far below 2^31: the sign of a difference says
  /// which one is the greater. (The standard library's own maximum is a call and a loop.)
  @inline(__always)
  static func join(_ a: inout SIMD8<UInt32>, _ b: SIMD8<UInt32>) {
    let keepsOld = SIMD8<Int32>(truncatingIfNeeded: b &- a) &>> 31
    let mask = SIMD8<UInt32>(truncatingIfNeeded: keepsOld)
    a = (a & mask) | (b & ~mask)
  }

  /// `pcpu` has read `word`. Cheap where nothing was published with it, or nothing new.
  @inline(__always)
  mutating func clockRead(_ word: Int, _ order: OrderCode, _ pcpu: Int) {
    let clock = Int(truncatingIfNeeded: wordClocks[word])
    if clock == 0 { return }
    if order.acquires {
      Self.join(&clocks[pcpu], published[clock])
    } else if clock > 63 || isAcquirable[pcpu] &>> UInt64(truncatingIfNeeded: clock) & 1 == 0 {
      Self.join(&acquirable[pcpu], published[clock])
      if clock < 64 { isAcquirable[pcpu] |= 1 &<< UInt64(truncatingIfNeeded: clock) }
    }
  }

  /// `pcpu` has written `word`: by a store, which starts anew what a reader learns, or by a
  /// read-modify-write, which continues the release sequence.
  @inline(__always)
  mutating func clockWrite(_ word: Int, _ order: OrderCode, updates: Bool, _ pcpu: Int) {
    if order.releases {
      let clock = publish(clocks[pcpu], with: updates ? wordClocks[word] : 0)
      wordClocks[word] = clock
      clocks[pcpu][pcpu] &+= 1
    } else if !updates {
      wordClocks[word] = fenceClocks[pcpu]
    } else if fenceClocks[pcpu] != 0, fenceClocks[pcpu] != wordClocks[word] {
      wordClocks[word] = publish(
        published[Int(fenceClocks[pcpu])], with: wordClocks[word])
    }
  }

  /// Gives `clock`, joined with the published one of number `other`, a number.
  private mutating func publish(_ clock: SIMD8<UInt32>, with other: Int32) -> Int32 {
    var joined = clock
    if other != 0 { Self.join(&joined, published[Int(other)]) }
    // No room any more: the last one takes the others in. What it says happens before may be too
    // much, so races may be overlooked from here on; none is invented.
    if publishedCount == Self.mostPublished &- 1 {
      Self.join(&joined, published[publishedCount])
    } else {
      publishedCount &+= 1
    }
    published[publishedCount] = joined
    return Int32(truncatingIfNeeded: publishedCount)
  }

  mutating func clockFence(_ order: OrderCode, _ pcpu: Int) {
    if order.acquires { Self.join(&clocks[pcpu], acquirable[pcpu]) }
    if order.releases {
      fenceClocks[pcpu] = publish(clocks[pcpu], with: 0)
      clocks[pcpu][pcpu] &+= 1
    }
  }

  // MARK: Calls: what comes before a call comes before its answer, and that before the wait's end.

  mutating func clockCall(_ pcpu: Int) {
    callClocks[pcpu] = clocks[pcpu]
    clocks[pcpu][pcpu] &+= 1
  }

  mutating func clockAnswer(_ pcpu: Int, to caller: Int) {
    Self.join(&clocks[pcpu], callClocks[caller])
    Self.join(&answerClocks[caller], clocks[pcpu])
    clocks[pcpu][pcpu] &+= 1
  }

  mutating func clockAnswered(_ pcpu: Int) { Self.join(&clocks[pcpu], answerClocks[pcpu]) }

  /// `pcpu` has touched a cell that another one has touched unordered.
  mutating func reportRace(_ pcpu: Int, _ number: Int, writes: Bool) {
    let cell = cells[number]
    var other = Int(cell.writer)
    if cell.writeClock <= clocks[pcpu][other] {
      let unordered = cell.reads .> clocks[pcpu]
      other = (0..<pcpuCount).first { unordered[$0] } ?? pcpu
    }
    violate(.race(pcpu: pcpu, cell: number, other: other, writes: writes))
  }
}
