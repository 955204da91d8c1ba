// What complete flushes have promised of each page that guests touch (O4): from which change of its VM's
// tables on a translation may be used, and written through.

import Domain
import Synchronization

/// The promises of a run, shared by all pCPUs. Changes are counted over all VMs that live in a slot, one
/// after the other, and never start again.
struct Stage2Promises: Sendable {
  /// An entry keeps so many bits of the number of its change.
  private static let versionBits: UInt64 = 24

  /// Two a page: oldest usable, oldest writable. Numbers of changes in full; 0: nothing was promised.
  private let words: LiveWord
  /// Per slot: the newest change that a flush spoke of.
  private let newest: Bank<LiveWord>
  let pagesPerVM: UInt64
  private let stride: UInt64

  init(vmSlots: Int, pagesPerVM: Int, stride: UInt64, in memory: LiveMemory) {
    words =
      memory.words(
        2 * vmSlots * pagesPerVM, initially: 0, .packed, named: "promises")[0]
    newest = memory.words(vmSlots, initially: 0, .ownLine, named: "newest flushed change")
    self.pagesPerVM = UInt64(pagesPerVM)
    self.stride = stride
  }

  /// Before a lookup: what was promised of a page.
  struct Promise {
    let use: UInt64
    let write: UInt64
  }

  /// What is promised of the page that is the guests' `page`-th. Acquire: pairs with `raise`, so that a
  /// lookup that begins afterwards sees the flush's effect.
  func promise(_ slot: Int, _ page: UInt64) -> Promise {
    let place = word(slot, page)
    return Promise(
      use: place.address.pointee.load(ordering: .acquiring),
      write: place.advanced(by: 1).address.pointee.load(ordering: .acquiring))
  }

  /// Promises `right` of all touched pages of `span`. Release: the flush comes before.
  func raise(_ slot: Int, _ span: Stage2Span, _ version: UInt64, _ right: Stage2Right) {
    newest[slot].address.pointee.max(version, ordering: .releasing)
    let first = (span.first &+ stride &- 1) / stride
    let end = min(pagesPerVM, (span.first &+ span.pages &+ stride &- 1) / stride)
    guard first < end else { return }
    let offset = right == .write ? 1 : 0
    for page in first..<end {
      word(slot, page).advanced(by: offset).address.pointee.max(version, ordering: .releasing)
    }
  }

  /// What is wrong with `leaf`, which a lookup after `promise` found.
  func flaw(
    in leaf: Stage2Entry, of slot: Int, _ promise: Promise, writes: Bool
  ) -> Translation.Flaw {
    guard leaf.slot?.index == slot else { return .foreign }
    if promise.use == 0, promise.write == 0 { return .none }
    let made = fullVersion(leaf.version, slot)
    if made < promise.use { return .stale(oldest: promise.use) }
    if writes, made < promise.write { return .revoked(oldest: promise.write) }
    return .none
  }

  /// The change that an entry's 24 bits stand for: the one nearest to the newest flushed one, which is
  /// read after the lookup.
  ///
  /// Never too low, so that no right translation is reported. An entry is older than that change, or a
  /// little newer: between two flushes a VM changes each invalid entry once. If it is older by 2^23
  /// changes and more, it counts as 2^24 changes younger, and a flaw goes unseen.
  private func fullVersion(_ bits: UInt64, _ slot: Int) -> UInt64 {
    let modulus: UInt64 = 1 << Stage2Promises.versionBits
    let newest = self.newest[slot].address.pointee.load(ordering: .acquiring)
    let ahead = (bits &- newest) & (modulus &- 1)
    let behind = modulus &- ahead
    return ahead >= modulus / 2 && behind <= newest ? newest &- behind : newest &+ ahead
  }

  private func word(_ slot: Int, _ page: UInt64) -> LiveWord {
    words.advanced(by: 2 * (slot * Int(pagesPerVM) + Int(page)))
  }
}
