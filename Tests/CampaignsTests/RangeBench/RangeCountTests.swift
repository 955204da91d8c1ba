// What `bench --range` counts, held to counts that come about without any table.

import RangeInvalidation
import Testing

@testable import Campaigns

@Suite("Counts of bench --range", .serialized) struct RangeCountTests {
  private static let guests: [(bits: Int, gigabytes: Int, vcpus: Int)] = [
    (2, 1, 1), (2, 5, 3), (3, 1, 2), (3, 2, 128), (3, 12, 1), (4, 1, 1), (4, 3, 5),
  ]
  private static let features: [RangeFeatures] = [
    [], [.fwb], [.tlbiRange], [.tlbiRange, .fwb], [.tlbiRange, .fwb, .lpa2],
  ]

  private func isEqual(_ counted: HostEvents?, _ wanted: BruteForceEvents) -> Bool {
    guard let counted else { return false }
    return counted.leaves == UInt64(wanted.leaves) && counted.ranges == UInt64(wanted.ranges)
      && counted.pages == UInt64(wanted.pages) && counted.tags == UInt64(wanted.tags)
      && counted.broadcasts == UInt64(wanted.ranges + wanted.pages + wanted.tags)
  }

  private func bruteForce(
    _ guest: RangeGuest, _ features: RangeFeatures
  ) -> (adjust: BruteForceEvents?, unmap: BruteForceEvents) {
    var vm = BruteForceVM(
      bits: guest.bits, gigabytes: guest.gigabytes, vcpus: guest.vcpus,
      hasRanges: features.contains(.tlbiRange), hasFWB: features.contains(.fwb),
      hasLPA2: features.contains(.lpa2))
    vm.mapMemory(asBlocks: guest.backing == .blocks)
    var adjust: BruteForceEvents?
    if guest.backing == .blocks {
      vm.splitBlocks()
      vm.adjust()
      adjust = vm.events
      vm.resetCount()
    }
    vm.unmapAll()
    #expect(vm.leaves.isEmpty)
    return (adjust, vm.events)
  }

  @Test func `the code under test invalidates what the definitions say`() {
    for (bits, gigabytes, vcpus) in Self.guests {
      for backing in RangeBacking.allCases {
        for features in Self.features {
          let guest = RangeGuest(
            gigabytes: gigabytes, vcpus: vcpus, backing: backing, bits: bits)
          let counted = RangeEvents(of: guest, features)
          let wanted = bruteForce(guest, features)
          let name: Comment = "\(guest), \(features)"
          #expect(isEqual(counted.unmap, wanted.unmap), name)
          if let adjust = wanted.adjust {
            #expect(isEqual(counted.adjust, adjust), name)
          } else {
            #expect(counted.adjust == nil && counted.vcpu == nil, name)
          }
        }
      }
    }
  }

  @Test func `a whole GB of 4 KiB pages is counted as the definitions say`() {
    let guest = RangeGuest(gigabytes: 1, vcpus: 1, backing: .pages)
    for features in [RangeFeatures.fwb, ThreadFigures.features] {
      #expect(isEqual(RangeEvents(of: guest, features).unmap, bruteForce(guest, features).unmap))
    }
    // 262,144 pages, and a range over all of them in one operation.
    let series = RangeEvents(of: guest, ThreadFigures.features).unmap
    #expect(series.leaves == 262_144 + 512 + 1 + 1 + 1 + 1)
    #expect(series.ranges < 5)
  }

  /// A brute force that could not tell the variants apart would find nothing.
  @Test func `the definitions tell the variants apart`() {
    let guest = RangeGuest(gigabytes: 2, vcpus: 3, backing: .blocks, bits: 3)
    let all = [RangeFeatures.fwb, .tlbiRange, ThreadFigures.features].map { bruteForce(guest, $0) }
    #expect(all[0].unmap == all[1].unmap)  // without FWB nothing is put off
    #expect(all[1].unmap != all[2].unmap)
    #expect(all[0].adjust != all[1].adjust)
  }

  // MARK: Guests

  private func bruteForceGuest(
    _ guest: RangeGuest, _ flush: GuestFlush, combinedEntries: Int = 1024, lag: Int = 0
  ) -> BruteForceGuest {
    var brute = BruteForceGuest(
      bits: guest.bits, gigabytes: guest.gigabytes, vcpus: guest.vcpus,
      memoryStart: Int(guest.memory.start), hasRanges: flush == .range,
      combinedEntries: combinedEntries)
    brute.run(lag: lag)
    return brute
  }

  private func isEqual(_ counted: GuestEvents, _ wanted: BruteForceGuest) -> Bool {
    counted.accesses == UInt64(wanted.accesses) && counted.faults == UInt64(wanted.faults)
      && counted.fills == UInt64(wanted.fills) && counted.refills == UInt64(wanted.refills)
      && counted.walkSteps == UInt64(wanted.walkSteps)
      && counted.stage2Hits == UInt64(wanted.stage2Hits)
  }

  @Test func `one vCPU stands for all, and no hit need be followed`() {
    for (bits, gigabytes, vcpus) in Self.guests where vcpus < 100 {
      for flush in [GuestFlush.everything, .range] {
        let guest = RangeGuest(gigabytes: gigabytes, vcpus: vcpus, backing: .blocks, bits: bits)
        let counted = GuestWindow(guest, flush: flush).events() * vcpus
        for entries in [guest.window + 2, 1024] {
          let wanted = bruteForceGuest(guest, flush, combinedEntries: entries)
          #expect(isEqual(counted, wanted), "\(guest), \(flush), \(entries)")
        }
      }
    }
  }

  /// The condition under which hits need not be followed is the least one.
  @Test func `with one entry fewer the counts are others`() {
    let guest = RangeGuest(gigabytes: 1, vcpus: 1, backing: .blocks, bits: 3)
    let counted = GuestWindow(guest, flush: .range).events()
    let wanted = bruteForceGuest(guest, .range, combinedEntries: guest.window + 1)
    #expect(!isEqual(counted, wanted))
  }

  @Test(arguments: [1, 2, 5, 16, 40])
  func `vCPUs that lag have as many refills`(lag: Int) {
    let guest = RangeGuest(gigabytes: 2, vcpus: 3, backing: .blocks, bits: 4)
    let counted = GuestWindow(guest, flush: .range).events()
    let wanted = bruteForceGuest(guest, .range, lag: lag)
    // One page a flush; and the windows of the blocks at the begin and the end, which not all have.
    let edges = (2 * lag / guest.pagesPerBlock + 2) * guest.window
    let tolerance = guest.vcpus * (guest.blocks + edges)
    #expect(abs(wanted.refills - guest.vcpus * Int(counted.refills)) <= tolerance)
    #expect(wanted.refills != 0)
  }

  @Test func `what a collapse takes shows in the walks, and not in the refills`() {
    let guest = RangeGuest(gigabytes: 3, vcpus: 1, backing: .blocks, bits: 4)
    let base = GuestWindow(guest, flush: .everything).events()
    let series = GuestWindow(guest, flush: .range).events()
    #expect(base.refills == series.refills)
    #expect(base.walkSteps > series.walkSteps)
    // Each fill and each fault translates five addresses.
    #expect(base.stage2Hits < series.stage2Hits)
  }

  @Test func `the thread's guests make so many accesses`() {
    #expect(GuestWindow.accesses(4, window: 512) == 1 + 2 + 3 + 4)
    #expect(GuestWindow.accesses(5, window: 2) == 1 + 2 + 3 + 3 + 3)
    let guest = RangeGuest(gigabytes: 1, vcpus: 1, backing: .blocks)
    #expect(
      GuestWindow.accesses(guest.memoryPages, window: guest.window)
        == 262_144 * 513 - 512 * 513 / 2)
  }
}
