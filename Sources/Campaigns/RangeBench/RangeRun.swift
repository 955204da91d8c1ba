// One guest of the test from its first fault to its end, through the code under test.

import Allocators
import Domain
import RangeInvalidation

extension RangeEvents {
  /// What happens to a guest on CPUs with these features.
  ///
  /// The stages are those of the test. With 2 MiB backing: all blocks are mapped; dirty logging begins, so
  /// that blocks are write-protected; the guest writes to the first page of each block and reads the
  /// second half, which makes tables of pages; logging ends; and it reads all its memory, page by page: the
  /// first page of a block is there, and at the second the block is mapped again, in the table's place.
  /// With 4 KiB backing the stages change rights alone, so that memory is mapped and that is all.
  ///
  /// vCPUs do the same side by side; who comes first does the work, and the others find it done.
  public init(of run: RangeGuest, _ features: RangeFeatures) {
    let bench = Stage2Bench(run.plan(features))
    switch run.backing {
    case .pages:
      bench.fault(run.memory.start, count: run.memory.count, writes: true)
    case .blocks:
      bench.map(run)
      bench.update(run)
      adjust = bench.adjust(run)
      vcpu = GuestWindow(run, flush: GuestFlush(of: features)).events()
    }
    unmap = bench.unmap(run)
    precondition(bench.underCovers == 0, "\(bench.underCovers) flushes left pages out")
  }
}

extension Stage2Bench {
  /// KVM_CREATE_MAPPINGS.
  fileprivate func map(_ guest: RangeGuest) {
    fault(
      guest.memory.start, count: UInt64(guest.blocks), step: UInt64(guest.pagesPerBlock),
      writes: true)
  }

  /// KVM_UPDATE_MAPPINGS.
  fileprivate func update(_ guest: RangeGuest) {
    protect(guest.memory)
    let half = UInt64(guest.pagesPerBlock / 2)
    for block in 0..<UInt64(guest.blocks) {
      let page = guest.memory.start + block * UInt64(guest.pagesPerBlock)
      fault(page, count: 1, writes: true)
      fault(page + half, count: half, writes: false)
    }
    stopLogging()
  }

  /// KVM_ADJUST_MAPPINGS.
  fileprivate func adjust(_ guest: RangeGuest) -> HostEvents {
    let (before, counts) = (census(), counts)
    fault(
      guest.memory.start + 1, count: UInt64(guest.blocks), step: UInt64(guest.pagesPerBlock),
      writes: false)
    let after = census()
    precondition(
      after.blocks == before.blocks + UInt64(guest.blocks), "a block was not mapped again")
    return HostEvents(leaves: before.pages - after.pages, from: counts, to: self.counts)
  }

  /// The end of the VM: its memslots are deleted.
  fileprivate func unmap(_ guest: RangeGuest) -> HostEvents {
    let (before, counts) = (census(), counts)
    let mapped = guest.backing == .pages ? guest.memoryPages : guest.blocks
    precondition(before.leaves == UInt64(guest.ownPages + mapped), "something was not mapped")
    unmap(guest.own)
    unmap(guest.memory)
    precondition(census() == TableCensus(), "something is still mapped")
    return HostEvents(leaves: before.leaves, from: counts, to: self.counts)
  }
}
