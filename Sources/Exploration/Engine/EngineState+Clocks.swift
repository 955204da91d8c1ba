// Races on plain memory: vector clocks, as C11 has happens-before. Words synchronise by their
// orderings, locks always; a pair of accesses to a cell that nothing orders is a finding.

import Domain
import Machines

extension EngineState {
  @inline(__always)
  static func join(_ a: inout SIMD8<UInt32>, _ b: SIMD8<UInt32>) {
    a = pointwiseMax(a, b)
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

  /// A read of plain memory.
  @inline(__always)
  mutating func readCell(_ number: Int, _ pcpu: Int) -> UInt64 {
    let cell = cells + number
    if cell.pointee.writeClock > clocks[pcpu][Int(cell.pointee.writer)] {
      violate(
        .race(pcpu: pcpu, cell: number, other: Int(cell.pointee.writer), writes: false))
    }
    cell.pointee.reads[pcpu] = clocks[pcpu][pcpu]
    return cell.pointee.value
  }

  /// A write to plain memory.
  @inline(__always)
  mutating func writeCell(_ number: Int, _ value: UInt64, _ pcpu: Int) {
    let cell = cells + number
    let clock = clocks[pcpu]
    let unordered = cell.pointee.reads .> clock
    if cell.pointee.writeClock > clock[Int(cell.pointee.writer)] {
      violate(.race(pcpu: pcpu, cell: number, other: Int(cell.pointee.writer), writes: true))
    } else if any(unordered) {
      let other = (0..<8).first { unordered[$0] } ?? pcpu
      violate(.race(pcpu: pcpu, cell: number, other: other, writes: true))
    }
    cell.pointee.writer = UInt32(truncatingIfNeeded: pcpu)
    cell.pointee.writeClock = clock[pcpu]
    cell.pointee.value = value
  }
}
