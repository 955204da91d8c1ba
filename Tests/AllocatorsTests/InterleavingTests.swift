// Faults that need two pCPUs at once, each in the one window that shows it, next to the right code
// in the same window. A pCPU is let in before one operation of the other.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, two pCPUs at once") struct InterleavingTests {
  /// Two pCPUs, three numbers.
  private func world<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> RecordedVMIDs<Rules> {
    RecordedVMIDs(rules, pcpus: 2, vms: 4, tagBits: 2)
  }

  /// pCPU 0 is about to claim for VM 0; before it does, pCPU 1 rolls over and enters VM 3.
  private func rolloverBeforeClaim<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> [UInt64] {
    let world = world(rules)
    world.pass([0], on: 0)
    var tagOfVM3: UInt64 = 0
    world.hardware.interrupt(before: Arm64VMIDSites.fastClaim) {
      world.pass([1, 2], on: 1)
      tagOfVM3 = world.enter(3, on: 1).tag.number
    }
    return [world.enter(0, on: 0).tag.number, tagOfVM3]
  }

  @Test func `B01: a claim that is a store runs over a rollover`() {
    #expect(rolloverBeforeClaim(FastPathStores.self) == [1, 1])
    #expect(rolloverBeforeClaim(Arm64VMIDAsMerged.self) == [2, 1])
  }

  @Test func `B01S: a claim that nobody asked for runs over a rollover long past`() {
    func secondEntry<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> Entry {
      let world = world(rules)
      world.pass([0, 1], on: 0)
      world.enter(0, on: 0)
      // A rollover by VM 3 empties the slot and keeps VM 0's number, but in the new generation; VM 1
      // on the other pCPU then brings VM 0's id up to date as well.
      world.pass([2, 3, 0], on: 1)
      return world.enter(0, on: 0)
    }
    #expect(secondEntry(FastPathStoresUnasked.self).tookFastPath, "past the lock")
    #expect(!secondEntry(FastPathStores.self).tookFastPath)
    #expect(!secondEntry(Arm64VMIDAsMerged.self).tookFastPath)
  }

  /// pCPU 1 rolls over for VM 3; after its first step at pCPU 0's slot pCPU 0, which had done its
  /// three loads before, claims for VM 0. Returns whether it may, and VM 3's tag.
  private func claimInScan<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> (Bool, UInt64) {
    let world = world(rules)
    world.pass([0], on: 0)
    world.pass([1, 2], on: 1)
    let hardware = world.hardware
    var isClaimed = false
    hardware.interrupt(before: Arm64VMIDSites.rolloverTakeActive) {
      // That was before the first step; this is after it.
      hardware.interrupt(before: Arm64VMIDSites.rolloverTakeActive) {
        isClaimed = Rules.claim(
          world.allocator.active[0], seen: world.allocator.leftMarker, id: world.id(of: 0),
          on: hardware.machine(0))
      }
    }
    let tag = world.enter(3, on: 1).tag.number
    return (isClaimed, tag)
  }

  @Test func `B02: a scan of two steps overlooks the claim between them`() {
    #expect(claimInScan(ScanLoadsThenStores.self) == (true, 1), "VM 0 runs with it, too")
    #expect(claimInScan(Arm64VMIDAsMerged.self) == (false, 1))
  }

  /// pCPU 1 rolls over for VM 3; before it bumps the generation pCPU 0 switches from VM 0 to VM 1.
  private func switchBeforeBump<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> [UInt64] {
    let world = world(rules)
    world.pass([1, 0], on: 0)
    world.enter(0, on: 0)
    world.pass([2], on: 1)
    var tagOfVM1: UInt64 = 0
    world.hardware.interrupt(before: Arm64VMIDSites.bumpGeneration) {
      world.put(0, on: 0)
      tagOfVM1 = world.enter(1, on: 0).tag.number
    }
    return [world.enter(3, on: 1).tag.number, tagOfVM1]
  }

  @Test func `B22: a bump after the scan lets an old id in`() {
    #expect(switchBeforeBump(BumpAfterScan.self) == [1, 1])
    #expect(switchBeforeBump(Arm64VMIDAsMerged.self) == [2, 1])
  }

  @Test func `B28: what is published after the unlock is not reserved`() {
    let world = world(ActiveAfterUnlock.self)
    world.pass([0], on: 1)
    world.pass([1, 2], on: 1)
    var tagOfVM3: UInt64 = 0
    // VM 0 enters under the lock, its id is current; pCPU 1 rolls over before it is published.
    world.hardware.interrupt(before: Arm64VMIDSites.slowActive) {
      tagOfVM3 = world.enter(3, on: 1).tag.number
    }
    #expect(world.enter(0, on: 0).tag.number == 1)
    #expect(tagOfVM3 == 1)
  }

  @Test func `B24: the equivalent fault goes another way to the same end`() {
    func run<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> ([RecordedStep], [UInt64]) {
      let world = world(rules)
      world.enter(0, on: 0)
      world.pass([1, 2, 3], on: 1)
      return (world.hardware.steps, world.hardware.memory.values)
    }
    let right = run(Arm64VMIDAsMerged.self)
    let equivalent = run(BumpAfterForgetting.self)
    #expect(right.0 != equivalent.0)
    #expect(right.1 == equivalent.1)
  }
}
