// The factory that hands out static tags: a bitmap behind a spin lock, nothing else.
//
// Follows kvm_tlb_tags of "KVM: VMX: Generalize VPID allocation to be vendor-neutral", the first
// patch of <20250326193619.3714986-1-yosry.ahmed@linux.dev>. VMX's VPIDs came from the same bitmap
// before, under another name.

import Domain
import Machines

/// Tags that are handed out for as long as their owner lives. What a freed tag left in some TLB stays
/// there: whoever gets the tag next must flush before its first use.
struct TagFactory<M: Machine>: Sendable {
  private let sites: TagFactorySites
  /// One past the highest tag.
  private let limit: Int
  private let lock: Lock<M.Word>
  /// One bit a tag: tags 0 to 63, and the others. Guarded by `lock`.
  private let firstTaken: M.Cell
  private let otherTaken: Bank<M.Cell>

  /// A factory of the tags below `limit`, those of `taken` excepted: never handed out, never free.
  init(below limit: Int, taken: UInt64, _ sites: TagFactorySites, in memory: M.Memory) {
    self.sites = sites
    self.limit = limit
    lock = memory.lock(named: "lock")
    firstTaken = memory.cell(initially: taken, named: "taken")
    otherTaken = memory.cells(max(0, (limit - 1) / 64), initially: 0, named: "taken")
  }

  /// The lowest free tag, taken from now on; 0 if there is none (kvm_tlb_tags_alloc).
  func allocate(on m: M) -> UInt64 {
    m.acquire(lock, at: sites.lock)
    let tag = lowestFreeLocked(on: m)
    if tag != 0 {
      setTaken(tag, true, on: m)
      m.tagAllocated(Tag(tag))
    }
    m.release(lock, at: sites.unlock)
    return tag
  }

  /// Gives `tag` back (kvm_tlb_tags_free).
  func free(_ tag: UInt64, on m: M) {
    m.acquire(lock, at: sites.lock)
    m.tagFreed(Tag(tag))
    setTaken(tag, false, on: m)
    m.release(lock, at: sites.unlock)
  }

  private func lowestFreeLocked(on m: M) -> UInt64 {
    for block in 0...otherTaken.count {
      let place = (~m.read(blocks(block))).trailingZeroBitCount
      if place < 64, block * 64 + place < limit { return UInt64(block * 64 + place) }
    }
    return 0
  }

  private func setTaken(_ tag: UInt64, _ isTaken: Bool, on m: M) {
    let cell = blocks(Int(tag / 64))
    let bit: UInt64 = 1 << (tag % 64)
    m.write(cell, isTaken ? m.read(cell) | bit : m.read(cell) & ~bit)
  }

  private func blocks(_ index: Int) -> M.Cell {
    index == 0 ? firstTaken : otherTaken[index - 1]
  }
}

/// Where a factory's operations stand in the site table of its user.
struct TagFactorySites: Sendable {
  let lock: Site
  let unlock: Site
}
