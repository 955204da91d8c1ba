// Dirty logging: which pages guests have written since the host last asked, memory slot by memory slot. A page
// that the host takes out of the log is write-protected, so that the next write faults and is logged.

import Domain
import Machines

extension Stage2 {
  /// The memory slots are as large as each other.
  var pagesOfMemslot: UInt64 { shape.pageCount / UInt64(plan.memslots) }
  func memslot(of page: UInt64) -> Int { Int(page / pagesOfMemslot) }

  func isLogging(_ page: UInt64, _ vm: VM, on m: M) -> Bool {
    m.load(vm.logging[memslot(of: page)], .relaxed, at: Stage2Sites.faultLogging) != 0
  }

  /// Begins to log a memory slot, unless that has begun. All its pages count as written at first, so that
  /// none need be protected before it is taken out (KVM_DIRTY_LOG_INITIALLY_SET). The caller is alone with the
  /// tables.
  func startLogging(_ memslot: Int, _ vm: VM, on m: M) {
    let logging = vm.logging[memslot]
    if m.load(logging, .relaxed, at: Stage2Sites.lookUpLogging) != 0 { return }
    let first = UInt64(memslot) &* pagesOfMemslot
    for bits in logBits(first, first &+ pagesOfMemslot) {
      _ = m.or(vm.dirty[bits.word], bits.mask, .relaxed, at: Stage2Sites.logAll)
    }
    m.store(logging, 1, .relaxed, at: Stage2Sites.startLogging)
  }

  /// The page's memory slot is no longer logged: faults map blocks again, where tables stand (collapse).
  /// Without the lock: a fault that sees this logs nothing. But logging begins again under the lock only, and
  /// with all pages in the log, so that what such a fault has mapped is in it.
  func stopLogging(_ page: UInt64, of vm: VM, on m: M) {
    m.store(vm.logging[memslot(of: page)], 0, .relaxed, at: Stage2Sites.stopLogging)
  }

  /// mark_page_dirty_in_slot. Relaxed: the lock orders it with whoever takes the page out.
  func log(_ page: UInt64, _ vm: VM, on m: M) {
    for bits in logBits(page, page &+ 1) {
      _ = m.or(vm.dirty[bits.word], bits.mask, .relaxed, at: Stage2Sites.logWrite)
    }
  }

  /// The pages `first` up to `end` count as unwritten from change `version` on. The caller is alone with the
  /// tables.
  func takeFromLog(_ first: UInt64, _ end: UInt64, _ version: UInt64, _ vm: VM, on m: M) {
    for bits in logBits(first, end) {
      let dirty = clear(bits, vm, on: m)
      for bit in bits.first..<bits.end {
        m.takenFromLog(
          vm.slot, page: bit &* shape.stride, wasDirty: dirty &>> (bit % 64) & 1 != 0,
          version: version)
      }
    }
  }

  /// The bits of the pages `first` up to `end`. There is one for each page that guests touch: of the others
  /// nobody asks.
  private func logBits(_ first: UInt64, _ end: UInt64) -> LogBits {
    LogBits(
      from: (first &+ shape.stride &- 1) / shape.stride,
      to: min(UInt64(plan.touchedPages), (end &+ shape.stride &- 1) / shape.stride))
  }

  /// atomic_long_fetch_andnot: clears the bits and returns what the word was.
  private func clear(_ bits: LogBits.Element, _ vm: VM, on m: M) -> UInt64 {
    let word = vm.dirty[bits.word]
    var seen = m.load(word, .relaxed, at: Stage2Sites.lookUpLog)
    while true {
      let before = m.compareExchange(
        word, expected: seen, desired: seen & ~bits.mask, .relaxed, failure: .relaxed,
        at: Stage2Sites.clearLog)
      if before == seen { return seen }
      seen = before
    }
  }
}

/// Bits of a bitmap, word by word.
struct LogBits: Sequence, IteratorProtocol {
  private var first: UInt64
  private let end: UInt64

  /// Bits `first` up to `end`; none if that is not behind `first`.
  init(from first: UInt64, to end: UInt64) {
    self.first = first
    self.end = end
  }

  /// Bits `first` up to `end`, all in one word.
  struct Element {
    let first: UInt64
    let end: UInt64

    var word: Int { Int(first / 64) }
    var mask: UInt64 { (~0 &>> (64 &- (end &- first))) &<< (first % 64) }
  }

  mutating func next() -> Element? {
    guard first < end else { return nil }
    let bits = Element(first: first, end: Swift.min(end, (first / 64 &+ 1) &* 64))
    first = bits.end
    return bits
  }
}
