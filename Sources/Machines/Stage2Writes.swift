// Which pages guests have written since their hosts last took them out of the log of writes (O14).
//
// A guest's write notes the promise that it began under: a flush that was complete by then has left no entry
// from before the change that it names, so the write went through a newer one, and whoever gave that right
// had to log the page. The promise and not the entry's own number, of which an entry keeps 24 bits.

import Domain
import Synchronization

/// The writes of a run, shared by all pCPUs. Changes are counted as for `Stage2Promises`.
struct Stage2Writes: Sendable {
  /// Two a page: the newest promise that a write began under, and the change as which the page was last
  /// taken out of the log; 0: there was none.
  private let words: LiveWord
  private let pagesPerVM: UInt64
  private let stride: UInt64

  init(vmSlots: Int, pagesPerVM: Int, stride: UInt64, in memory: LiveMemory) {
    words =
      memory.words(
        2 * vmSlots * pagesPerVM, initially: 0, .packed, named: "writes")[0]
    self.pagesPerVM = UInt64(pagesPerVM)
    self.stride = stride
  }

  /// A guest has written its `page`-th page, and its lookup began under `promise`. Release: pairs with
  /// `take`, so that a note of a write is not seen before the right that it used was given.
  func wrote(_ slot: Int, _ page: UInt64, under promise: UInt64) {
    let word = word(slot, page).address
    if promise > word.pointee.load(ordering: .relaxed) {
      word.pointee.max(promise, ordering: .releasing)
    }
  }

  /// `address` is taken out of the log as change `version`. Returns whether it was written since it was
  /// last taken out; nil if guests never touch it. Nobody else takes it meanwhile.
  func take(_ slot: Int, _ address: UInt64, _ version: UInt64) -> Bool? {
    guard address.isMultiple(of: stride), address / stride < pagesPerVM else { return nil }
    let written = word(slot, address / stride)
    let taken = written.advanced(by: 1).address
    let before = taken.pointee.load(ordering: .relaxed)
    taken.pointee.store(version, ordering: .relaxed)
    return before != 0 && written.address.pointee.load(ordering: .acquiring) >= before
  }

  private func word(_ slot: Int, _ page: UInt64) -> LiveWord {
    words.advanced(by: 2 * (slot * Int(pagesPerVM) + Int(page)))
  }
}

/// A page that a guest has written and that the log of writes does not have.
public struct LostWriteEvidence: Sendable {
  /// Who took the page out of the log.
  public let pcpu: PCPU
  /// Whose page it is.
  public let slot: VMSlot
  /// Its number in the address space.
  public let page: UInt64
}
