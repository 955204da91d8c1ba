// The guest of kvm_page_table_test, a selftest of Linux (tools/testing/selftests/kvm), as far as stage 2
// sees it.
//
// Its memory is a memslot of its own, backed by pages or by huge pages. Everything else that it has lies in
// memslot 0, which the selftests always back by 4 KiB pages: its program, a stack for each vCPU, and its own
// page tables. These map its memory in pages of 4 KiB, so that for each 2 MiB of memory there is one page of
// them; the hardware's walks touch all of them, and stage 2 maps them one by one. So a guest on 2 MiB blocks
// has as many 4 KiB leaves in stage 2 as it has blocks.

import Allocators
import Machines
import RangeInvalidation

/// What backs a guest's memory.
public enum RangeBacking: String, Sendable, CaseIterable {
  /// Pages: each is mapped by its own entry of level 3.
  case pages = "4 KiB"
  /// Huge pages: blocks of level 2.
  case blocks = "2 MiB"
}

/// A guest of the test.
public struct RangeGuest: Hashable, Sendable {
  /// GB of memory; a GB is what one entry of level 1 spans.
  public let gigabytes: Int
  /// vCPUs.
  public let vcpus: Int
  /// What backs its memory.
  public let backing: RangeBacking
  /// Index bits of every table, of both stages: 9 for 4 KiB tables. Tests use fewer.
  public let bits: Int

  /// Sizes that `bench --range` takes, in GB. Entries count frames in 28 bits, a TiB; and the VM's root
  /// with its own pages beside stays below 512 GB.
  public static let sizes = 1...256
  /// vCPUs that it takes: KVM has no more for a VM of the selftests.
  public static let vcpuCounts = 1...512

  /// A guest.
  public init(gigabytes: Int, vcpus: Int, backing: RangeBacking, bits: Int = 9) {
    self.gigabytes = gigabytes
    self.vcpus = vcpus
    self.backing = backing
    self.bits = bits
  }

  /// Pages of a block.
  public var pagesPerBlock: Int { 1 << bits }
  /// Pages of a GB.
  public var pagesPerGigabyte: Int { 1 << (2 * bits) }
  /// Pages of its memory.
  public var memoryPages: Int { gigabytes * pagesPerGigabyte }
  /// Blocks of its memory.
  public var blocks: Int { gigabytes << bits }
  /// How far back the thread's guests look: 512 pages.
  public var window: Int { pagesPerBlock }

  // MARK: Its own pages

  /// Where its memory begins in its virtual addresses, in GB (0xc0000000).
  private static let virtualStart = 3

  /// Tables of stage 1, by level: 0 to 3.
  var stage1Tables: [Int] {
    [1, (Self.virtualStart + gigabytes - 1) >> bits + 1, gigabytes, blocks]
  }
  /// Its page tables, and a stack page for each vCPU. The few dozen pages of its program are left out.
  public var ownPages: Int { stage1Tables.reduce(vcpus, +) }

  /// The pages in which the descriptors stand that a walk for page `page` of its memory reads. Tables
  /// lie one after the other, from level 0 on.
  @inline(__always)
  func stage1Walk(for page: Int) -> Stage1Walk {
    let gigabyte = page >> (2 * bits)
    let firstOfLevel2 = 2 + (Self.virtualStart + gigabytes - 1) >> bits
    return Stage1Walk(
      level0: 0, level1: 1 + (Self.virtualStart + gigabyte) >> bits,
      level2: firstOfLevel2 + gigabyte, level3: firstOfLevel2 + gigabytes + page >> bits)
  }

  // MARK: Where it all lies

  /// GB that its own pages take.
  private var ownGigabytes: Int { (ownPages + pagesPerGigabyte - 1) / pagesPerGigabyte }

  /// Its memory, behind its own pages.
  public var memory: PageRange {
    PageRange(start: UInt64(ownGigabytes * pagesPerGigabyte), count: UInt64(memoryPages))
  }
  /// Memslot 0.
  public var own: PageRange { PageRange(start: 0, count: UInt64(ownPages)) }

  /// Its stage-2 tables: three levels, with a root of one entry a GB.
  public func plan(_ features: RangeFeatures) -> Stage2BenchPlan {
    let roots = ownGigabytes + gigabytes
    let rootBits = max(1, Int.bitWidth - (roots - 1).leadingZeroBitCount)
    return Stage2BenchPlan(
      shape: TableShape(firstLevel: 1, rootBits: rootBits, bits: bits), ownPages: ownPages,
      memory: memory, blockLevel: backing == .blocks ? 2 : 3, features: features)
  }
}

/// The pages of a guest that a walk reads descriptors in, by level.
struct Stage1Walk: Equatable {
  let level0: Int
  let level1: Int
  let level2: Int
  let level3: Int
}
