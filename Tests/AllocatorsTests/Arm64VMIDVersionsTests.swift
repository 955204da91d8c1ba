// The versions of the arm64 VMID allocator beside the merged one, step by step, and what each fault
// of the family breaks.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, v2 and v3") struct Arm64VMIDVersionsTests {
  @Test func `v2: a rollover notes a flush for every pCPU, and the pCPU makes its own`() {
    let world = RecordedVMIDs<Arm64VMIDv2>(pcpus: 2, vms: 4, tagBits: 2)
    world.pass([0, 1, 2], on: 0)
    let steps = world.hardware.record { world.enter(3, on: 0) }.short
    #expect(
      steps.suffix(12) == [
        "add relaxed generation[0]", "exchange relaxed active[0]", "exchange relaxed active[1]",
        "store relaxed flush pending[0]", "store relaxed flush pending[1]",
        "store relaxed id[3]", "exchange fullyOrdered flush pending[0]",
        "invalidate everything on thisPCPU", "waitForInvalidations",
        "store relaxed active[0]", "release release lock[0]", "restoreInterrupts enabled",
      ])
    #expect(world.hardware.memory.values(of: "flush pending") == [0, 1])
  }

  @Test func `v2: a put does nothing, and the number stays reserved`() {
    let world = RecordedVMIDs<Arm64VMIDv2>(pcpus: 2, vms: 4, tagBits: 2)
    world.enter(0, on: 0)
    #expect(world.hardware.record { world.put(0, on: 0) }.isEmpty)
    world.recreate(0)
    world.pass([1, 2, 3], on: 1)
    #expect(world.numbersInUse.contains(1), "of a VM that is gone")
  }

  /// VM 3 gets the number of VM 0, whose translations pCPU 0 has not flushed yet, and enters there.
  private func entryBeforeFlush<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> Bool {
    let world = RecordedVMIDs(rules, pcpus: 2, vms: 4, tagBits: 2)
    world.pass([0], on: 0)
    world.enter(1, on: 0)
    world.pass([2, 3], on: 1)
    #expect(world.number(of: 3) == 1)
    world.put(1, on: 0)
    let isFast = world.enter(3, on: 0).tookFastPath
    return isFast && world.hardware.memory.values(of: "flush pending").first == 1
  }

  @Test func `B13: the marker lets an entry in before the pending flush`() {
    #expect(entryBeforeFlush(MarkerOverPendingFlush.self))
    #expect(!entryBeforeFlush(Arm64VMIDv2.self))
  }

  @Test func `the merged version has no word for pending flushes`() {
    let world = RecordedVMIDs<Arm64VMIDAsMerged>(pcpus: 2, vms: 4, tagBits: 2)
    #expect(world.allocator.flushPending.count == 0)
  }

  @Test func `v3: a put stores 0, and the next entry takes the lock`() {
    let world = RecordedVMIDs<Arm64VMIDv3>(pcpus: 2, vms: 4, tagBits: 2)
    world.enter(0, on: 0)
    #expect(world.hardware.record { world.put(0, on: 0) }.short == ["store relaxed active[0]"])
    #expect(world.active[0] == 0)
    #expect(!world.enter(0, on: 0).tookFastPath)
  }

  @Test func `v3: what a rollover reserved once stays reserved after the put`() {
    let world = RecordedVMIDs<Arm64VMIDv3>(pcpus: 2, vms: 5, tagBits: 2)
    world.enter(0, on: 0)
    world.pass([1, 2, 3], on: 1)
    world.put(0, on: 0)
    world.pass([4, 1, 2], on: 1)
    #expect(world.reserved[0] != 0)
    #expect(world.numbersInUse.contains(1))
  }

  @Test func `rows are numbered from 1 without a gap, and no name stands twice`() {
    for system in TagSystem.arm64VMIDVersions {
      #expect(
        system.sites.map(\.site.number) == (1...UInt16(system.sites.count)).map(\.self),
        "\(system.name)")
      #expect(Set(system.sites.map(\.name)).count == system.sites.count, "\(system.name)")
    }
  }
}

@Suite("arm64 VMIDs, faults of the versions") struct Arm64VMIDVersionFaultTests {
  /// VM 0 is in the guest on pCPU 1 over two rollovers; pCPU 0 leaves and enters it again in between,
  /// and pCPU 2 after both. Returns its number then.
  private func numberAfterTwoRollovers<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> Int {
    let world = RecordedVMIDs(rules, pcpus: 3, vms: 3, tagBits: 2, usableTags: 2)
    world.enter(0, on: 0)
    world.enter(0, on: 1)
    world.pass([1, 2], on: 2)
    world.put(0, on: 0)
    world.pass([0], on: 0)
    world.pass([1, 0], on: 2)
    return world.number(of: 0)
  }

  @Test func `B07: an id that is renewed for one pCPU only is lost to the other`() {
    #expect(numberAfterTwoRollovers(Arm64VMIDAsMerged.self) == 1)
    #expect(numberAfterTwoRollovers(RetagStopsAtFirst.self) == 2)
  }

  @Test func `B10: a rollover returns while its flush is under way`() {
    let world = RecordedVMIDs<FlushNotAwaited>(pcpus: 2, vms: 4, tagBits: 2)
    world.pass([0, 1, 2, 3], on: 0)
    #expect(!world.hardware.pendingInvalidations[0].isEmpty)
  }

  @Test func `B25: the number after the last is 0 to the hardware`() {
    let world = RecordedVMIDs<OneNumberTooMany>(pcpus: 2, vms: 4, tagBits: 2)
    world.pass([0, 1, 2, 3], on: 0)
    #expect(world.number(of: 3) == 0)
  }

  /// As B26, but for the fault.
  private enum LongUptime: Arm64VMIDRules {
    static func bootGeneration(tagBits: UInt64) -> UInt64 { 1 << 32 }
  }

  /// VM 1 gets the number of VM 0, whose id is 2^32 old; whether VM 0 finds it current.
  private func findsOldIDCurrent<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> Bool {
    let world = RecordedVMIDs(rules, pcpus: 2, vms: 2, tagBits: 2)
    world.allocator.start(
      from: InitialState(numbers: [1, 2], full: true), vms: world.vms,
      on: world.hardware.machine(0))
    world.enter(1, on: 1)
    #expect(world.number(of: 1) == 1)
    return world.hasCurrentID(0)
  }

  @Test func `B26: after 2^32 a generation of 32 bits comes round`() {
    #expect(findsOldIDCurrent(ShortGenerations.self))
    #expect(!findsOldIDCurrent(LongUptime.self))
  }

  @Test func `B26S: every other generation looks like the one before`() {
    #expect(ShiftOffByOne.isOfGeneration(2 << 2 | 1, 3 << 2, tagBits: 2))
    #expect(!Arm64VMIDAsMerged.isOfGeneration(2 << 2 | 1, 3 << 2, tagBits: 2))
  }
}

@Suite("arm64 VMIDs, decided at load") struct Arm64VMIDAtLoadTests {
  private typealias World = RecordedLoads<Arm64VMIDLoadedOnce>

  private let fastPath = [
    "load relaxed id[0]", "load relaxed active[0]", "load relaxed generation[0]",
    "compareExchange relaxed active[0]",
  ]
  private let drop = [
    "load relaxed id[0]", "invalidate tag 1 on thisPCPU", "waitForInvalidations",
  ]
  private let loadStage2 = ["load relaxed id[0]"]

  @Test func `the id first, then what another vCPU has left, then the register`() {
    let world = World()
    world.pass([0], on: 0)
    let steps = world.hardware.record { world.load(0, vcpu: 1, on: 0) }
    #expect(steps.short == fastPath + drop + loadStage2)
  }

  @Test func `a vCPU that ran last on this pCPU drops nothing`() {
    let world = World()
    world.pass([0], on: 0)
    #expect(world.hardware.record { world.load(0, on: 0) }.short == fastPath + loadStage2)
    world.put(0, on: 0)
    world.load(0, on: 1)
    #expect(
      world.hardware.record { world.load(0, on: 0) }.short == fastPath + loadStage2,
      "what it did on another pCPU does not matter")
  }

  @Test func `a new VM in an old one's place has no vCPU that ran last`() throws {
    let world = World()
    world.pass([0], on: 0)
    try world.allocator.createVM(world.vms[0], on: world.hardware.machine(1))
    #expect(world.hardware.memory.values(of: "last vCPU ran").allSatisfy { $0 == 0 })
  }

  @Test func `an entry decides nothing, and counts what load did`() {
    let world = World()
    world.load(0, on: 0)
    let first = world.prepare(0, on: 0)
    #expect(first.tag == .undecided && !first.tookFastPath)
    let steps = world.hardware.record { #expect(world.prepare(0, on: 0).tookFastPath) }
    #expect(steps.short.isEmpty)
  }

  @Test func `a rollover between load and entry, and a sibling's renewal, keep the number`() {
    let world = World()
    world.load(0, on: 0)
    world.pass([1, 2, 3, 4], on: 1)
    world.load(0, vcpu: 1, on: 1)
    #expect(world.installed(on: 0) == 1)
    #expect(world.installed(on: 1) == 1)
    #expect(world.number(of: 0) == 1)
  }

  @Test func `B12: the second of two that were loaded early enters with 0`() {
    let world = RecordedLoads<Arm64VMIDEagerLoad>()
    world.load(0, on: 0)
    world.load(0, vcpu: 1, on: 1)
    world.prepare(0, on: 0)
    world.prepare(0, on: 1)
    #expect(world.installed(on: 0) == 1)
    #expect(world.installed(on: 1) == 0)
  }

  /// What is dropped when vCPU 1 of VM 0 follows vCPU 0 on pCPU 0, VM 1 between them.
  private func dropped<Rules: Arm64VMIDAtLoadRules>(_ rules: Rules.Type) -> [String] {
    let world = RecordedLoads(rules)
    world.pass([1, 0, 1], on: 0)
    return world.hardware.record { world.load(0, vcpu: 1, on: 0) }.short
      .filter { $0.hasPrefix("invalidate") }
  }

  @Test func `B30, B30S: nothing is dropped, or another VM's`() {
    #expect(dropped(Arm64VMIDLoadedOnce.self) == ["invalidate tag 2 on thisPCPU"])
    #expect(dropped(DropsBeforeUpdate.self) == ["invalidate tag 2 on thisPCPU"])
    #expect(dropped(VCPUsNotPrivate.self).isEmpty)
    #expect(dropped(DropsUnderOldRegister.self) == ["invalidate tag 1 on thisPCPU"])
  }
}

@Suite("arm64 VMIDs, active first") struct Arm64VMIDActiveFirstTests {
  private typealias World = RecordedLoads<Arm64VMIDActiveFirst>

  @Test func `a load: the id, active, a full barrier, the generation`() {
    let world = World()
    world.pass([0], on: 0)
    let steps = world.hardware.record { world.load(0, on: 0) }
    #expect(
      steps.short.prefix(4) == [
        "load relaxed id[0]", "store relaxed active[0]", "fence full",
        "load relaxed generation[0]",
      ])
  }

  @Test func `a rollover: bump, a full barrier, the slots, the flush`() {
    let world = World()
    world.pass([0, 1, 2], on: 0)
    let steps = world.hardware.record { world.load(3, on: 0) }.short
    let start = steps.firstIndex(of: "add relaxed generation[0]") ?? 0
    #expect(
      steps[start...].prefix(7) == [
        "add relaxed generation[0]", "fence full", "load relaxed active[0]",
        "load relaxed active[1]", "fence storeStore", "invalidate everything on everyPCPU",
        "waitForInvalidations",
      ])
  }

  @Test func `a guest that stays in keeps its number over two rollovers`() {
    let world = World()
    world.load(0, on: 0)
    world.pass([1, 2, 3, 4, 1, 2, 3, 4], on: 1)
    #expect(world.number(of: 0) == 1 && world.reserved[0] == 4 | 1)
    world.load(0, vcpu: 1, on: 1)
    #expect(world.number(of: 0) == 1, "as its sibling finds")
  }

  @Test func `it does so if a sibling has renewed the id between the two`() {
    let world = World()
    world.load(0, on: 0)
    world.pass([1, 2, 3], on: 1)
    world.pass([0], on: 1)
    world.pass([4, 1, 2, 3], on: 1)
    world.load(0, vcpu: 1, on: 1)
    #expect(world.number(of: 0) == 1)
  }

  @Test func `an old id that waits for the lock reserves nothing`() {
    let world = World()
    world.pass([0, 1, 2, 3], on: 0)
    // Number 1 is VM 3's now; VM 0's id is old.
    world.load(3, on: 1)
    world.hardware.interrupt(before: Arm64VMIDSites.slowLock) {
      #expect(world.active[0] == 4 | 1)
      world.put(3, on: 1)
      world.pass([1, 2, 4], on: 1)
      world.load(3, on: 1)
      #expect(world.reserved[0] == 0)
    }
    world.load(0, on: 0)
    #expect(world.number(of: 0) != world.number(of: 3))
  }

  @Test func `a put clears the slot`() {
    let world = World()
    world.load(0, on: 0)
    #expect(world.hardware.record { world.put(0, on: 0) }.short == ["store relaxed active[0]"])
    #expect(world.active[0] == 0)
  }
}

@Suite("arm64 VMIDs, site tables of the versions") struct Arm64VMIDVersionSiteTests {
  private func expectRows(_ steps: [RecordedStep], _ sites: [SiteDescription]) throws {
    for step in steps {
      guard let site = step.site else { continue }
      let row = try #require(sites.first { $0.site == site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
    }
    let own = Set(sites.map(\.site)).subtracting(Arm64VMIDSites.table.map(\.site))
    #expect(own.isSubset(of: steps.compactMap(\.site)), "every row is reached")
  }

  @Test func `operation and ordering are those of the row`() throws {
    let second = RecordedVMIDs<Arm64VMIDv2>(pcpus: 2, vms: 4, tagBits: 2)
    second.pass([0, 1, 2, 3], on: 0)
    try expectRows(second.hardware.steps, Arm64VMID<RecordingMachine, Arm64VMIDv2>.sites)
    let atLoad = RecordedLoads<Arm64VMIDLoadedOnce>()
    atLoad.pass([0, 1, 2, 3], on: 0)
    try expectRows(
      atLoad.hardware.steps, Arm64VMIDAtLoad<RecordingMachine, Arm64VMIDLoadedOnce>.sites)
    let first = RecordedLoads<Arm64VMIDActiveFirst>()
    first.pass([0, 1, 2, 3], on: 0)
    try expectRows(
      first.hardware.steps, Arm64VMIDAtLoad<RecordingMachine, Arm64VMIDActiveFirst>.sites)
  }
}
