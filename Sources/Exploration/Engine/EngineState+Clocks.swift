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

  /// `pcpu` has read `word`. Cheap where no release was ever written to it.
  @inline(__always)
  mutating func clockRead(_ word: Int, _ order: OrderCode, _ pcpu: Int) {
    guard hasClock[word] else { return }
    if order.acquires {
      Self.join(&clocks[pcpu], wordClocks[word])
    } else {
      Self.join(&acquirable[pcpu], wordClocks[word])
    }
  }

  /// `pcpu` has written `word`: by a store, which starts anew what a reader learns, or by a
  /// read-modify-write, which continues the release sequence.
  @inline(__always)
  mutating func clockWrite(_ word: Int, _ order: OrderCode, updates: Bool, _ pcpu: Int) {
    if order.releases {
      publish(clocks[pcpu], word, updates: updates)
      clocks[pcpu][pcpu] &+= 1
    } else if fencesRelease.contains(pcpu) {
      publish(released[pcpu], word, updates: updates)
    } else if !updates {
      hasClock[word] = false
    }
  }

  @inline(__always)
  private mutating func publish(_ clock: SIMD8<UInt32>, _ word: Int, updates: Bool) {
    if updates && hasClock[word] {
      Self.join(&wordClocks[word], clock)
    } else {
      wordClocks[word] = clock
      hasClock[word] = true
    }
  }

  mutating func clockFence(_ order: OrderCode, _ pcpu: Int) {
    if order.acquires { Self.join(&clocks[pcpu], acquirable[pcpu]) }
    if order.releases {
      released[pcpu] = clocks[pcpu]
      fencesRelease.insert(pcpu)
      clocks[pcpu][pcpu] &+= 1
    }
  }

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
