// Xen's bitmaps, step by step: numbers for life, and what is flushed before one is used again.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

/// Domains with numbers for life, driven by one thread.
struct RecordedDomains<A: TagAllocator> where A.M == RecordingMachine {
  let hardware = RecordingHardware(pcpuCount: 2)
  let allocator: A
  let vms: [A.VM]
  let vcpus: [[A.VCPU]]

  init(_: A.Type, tagBits: Int = 3, hardwareTagBits: Int? = nil, vms count: Int = 4) {
    let memory = hardware.memory
    let allocator = A(
      AllocatorConfiguration(
        tagBits: tagBits, hardwareTagBits: hardwareTagBits, pcpuCount: 2, vcpusPerVM: 2),
      in: memory)
    self.allocator = allocator
    let vms = (0..<count).map { _ in allocator.makeVM(in: memory) }
    self.vms = vms
    vcpus = vms.map { vm in (0..<2).map { allocator.makeVCPU($0, of: vm, in: memory) } }
  }

  func m(_ pcpu: Int) -> RecordingMachine { hardware.machine(pcpu) }

  func create(_ vm: Int) throws { try allocator.createVM(vms[vm], on: m(0)) }
  func destroy(_ vm: Int) { allocator.destroyVM(vms[vm], on: m(0)) }

  /// Loads a vCPU and enters its guest; returns the number that the hardware gets.
  @discardableResult
  func pass(_ vm: Int, _ vcpu: Int = 0, on pcpu: Int = 0) -> UInt64 {
    allocator.load(vcpus[vm][vcpu], of: vms[vm], on: m(pcpu))
    return enter(vm, vcpu, on: pcpu)
  }

  @discardableResult
  func enter(_ vm: Int, _ vcpu: Int = 0, on pcpu: Int = 0) -> UInt64 {
    repeat {
      _ = allocator.prepareEntry(vcpus[vm][vcpu], of: vms[vm], on: m(pcpu))
    } while !allocator.mayEnter(vcpus[vm][vcpu], of: vms[vm], on: m(pcpu))
    return allocator.lateID(of: vcpus[vm][vcpu], of: vms[vm], on: m(pcpu)).tag.number
  }

  func flush(_ vm: Int) { allocator.flush(page: 3, of: vms[vm], on: m(0)) }

  /// The steps of `body` that other pCPUs or the hardware could see.
  func steps(_ body: () throws -> Void) rethrows -> [String] {
    try hardware.record(body).short
  }
}

/// Says that the steps stand in the table as they were made, and that all of `sites` were reached.
func expectRows(_ table: [SiteDescription], _ steps: [RecordedStep]) throws {
  let made = steps.filter { $0.site != nil }
  #expect(Set(made.compactMap(\.site)) == Set(table.map(\.site)))
  for step in made {
    let row = try #require(table.first { $0.site == step.site })
    #expect(step.kind.rawValue == row.operation, "\(row.name)")
    #expect(step.order == row.ordering, "\(row.name)")
    if step.kind == .invalidate { #expect(step.detail.hasPrefix(row.object), "\(row.name)") }
  }
  #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
  #expect(Set(table.map(\.name)).count == table.count)
}

@Suite("Xen's bitmap on RISC-V") struct XenBitmapTests {
  private typealias World<Rules: XenBitmapRules> = RecordedDomains<
    XenBitmap<RecordingMachine, Rules>
  >

  private let allocation = ["acquire acquire lock[0]", "release release lock[0]"]

  private func world<Rules: XenBitmapRules>(
    _: Rules.Type, tagBits: Int = 3, hardwareTagBits: Int? = nil, vms: Int = 4
  ) -> World<Rules> {
    World(
      XenBitmap<RecordingMachine, Rules>.self, tagBits: tagBits,
      hardwareTagBits: hardwareTagBits, vms: vms)
  }

  @Test
  func `a fresh number is not flushed, one that comes back is, everywhere and under the lock`()
    throws
  {
    let world = world(XenBitmapAsReviewed.self)
    let first = try world.steps { try world.create(0) }
    #expect(first == ["store relaxed dirty harts[0]"] + allocation)
    #expect(world.pass(0) == 1)
    world.destroy(0)
    let second = try world.steps { try world.create(1) }
    #expect(
      second == ["store relaxed dirty harts[1]", allocation[0]]
        + ["invalidate tag 1 on everyPCPU", "waitForInvalidations", allocation[1]])
    #expect(world.pass(1) == 1)
  }

  @Test func `B50: as posted, the mask of a new domain is empty, and so is the flush`() throws {
    let world = world(XenBitmapAsPosted.self)
    try world.create(0)
    world.pass(0)
    world.destroy(0)
    let steps = try world.steps { try world.create(0) }
    #expect(!steps.contains { $0.hasPrefix("invalidate") })
    #expect(world.pass(0) == 1)
  }

  @Test func `as posted, two numbers are never handed out`() throws {
    let right = world(XenBitmapAsReviewed.self, vms: 8)
    for vm in 0..<7 { try right.create(vm) }
    #expect(throws: AllocationError.exhausted) { try right.create(7) }
    let posted = world(XenBitmapAsPosted.self, vms: 8)
    for vm in 0..<5 { try posted.create(vm) }
    #expect(throws: AllocationError.exhausted) { try posted.create(5) }
    #expect(posted.hardware.memory.value(of: "lock") == 0)
  }

  @Test func `a hart enters the mask once, and a page is flushed where the mask is not empty`()
    throws
  {
    let world = world(XenBitmapAsReviewed.self)
    try world.create(0)
    #expect(world.steps { world.flush(0) } == ["load relaxed dirty harts[0]"])
    #expect(
      world.steps { world.pass(0, on: 1) }
        == ["load relaxed dirty harts[0]", "or fullyOrdered dirty harts[0]"])
    #expect(world.steps { world.pass(0, on: 1) } == ["load relaxed dirty harts[0]"])
    #expect(
      world.steps { world.flush(0) }
        == ["load relaxed dirty harts[0]", "invalidate page 3 of tag 1 on everyPCPU"]
        + ["waitForInvalidations"])
  }

  @Test func `hardware without numbers is flushed at every switch`() throws {
    let world = world(XenBitmapAsReviewed.self, hardwareTagBits: 0)
    for vm in 0..<4 { try world.create(vm) }
    let steps = world.steps { #expect(world.pass(3) == 0) }
    #expect(steps.last == "invalidate everything on thisPCPU")
    #expect(world.steps { world.enter(3) } == [])
  }

  @Test func `a creation that fails takes nothing back; B68 takes the former domain's number`()
    throws
  {
    let right = world(FailsAtFirst.self)
    try takeBetween(right)
    #expect((right.pass(0), right.pass(1)) == (2, 1))
    let wrong = world(FreedTwice.self)
    try takeBetween(wrong)
    #expect((wrong.pass(0), wrong.pass(1)) == (1, 1))
  }

  /// Domain 1 gets the number of domain 0, and then domain 0 is created again.
  private func takeBetween<Rules: XenBitmapRules>(_ world: World<Rules>) throws {
    try world.create(0)
    world.destroy(0)
    try world.create(1)
    try world.create(0)
  }

  private enum FailsAtFirst: XenBitmapRules {
    static var firstAttemptFails: Bool { true }
  }

  @Test func `every row is reached, and says what is done`() throws {
    let right = world(XenBitmapAsReviewed.self)
    let posted = world(XenBitmapAsPosted.self)
    let off = world(XenBitmapAsReviewed.self, hardwareTagBits: 0)
    for vm in 0..<2 {
      try right.create(0)
      try posted.create(0)
      try off.create(vm)
      right.pass(0)
      off.pass(vm)
      right.flush(0)
      right.destroy(0)
      posted.destroy(0)
    }
    try expectRows(
      XenBitmapSites.table, right.hardware.steps + posted.hardware.steps + off.hardware.steps)
  }
}

@Suite("Xen's bitmap on Arm") struct XenArmTests {
  private let world = RecordedDomains(XenArm<RecordingMachine>.self)

  @Test func `every number is flushed everywhere before its first use, after the lock`() throws {
    let steps = try world.steps { try world.create(0) }
    #expect(
      steps == ["acquire acquire lock[0]", "release release lock[0]"]
        + ["invalidate tag 1 on everyPCPU", "waitForInvalidations"])
    world.destroy(0)
    try world.create(1)
    #expect(world.pass(1) == 1)
  }

  @Test func `another vCPU of the domain drops the number's entries on its pCPU, once`() throws {
    try world.create(0)
    #expect(world.steps { world.pass(0, 0) } == [])
    #expect(world.steps { world.pass(0, 0) } == [])
    #expect(world.steps { world.pass(0, 1) } == ["invalidate tag 1 on thisPCPU"])
    #expect(world.steps { world.pass(0, 0, on: 1) } == [])
    world.destroy(0)
    try world.create(0)
    #expect(world.steps { world.pass(0, 0) } == [], "nobody of the new domain ran here")
  }

  @Test func `every row is reached, and says what is done`() throws {
    try world.create(0)
    world.pass(0, 0)
    world.pass(0, 1)
    world.flush(0)
    world.destroy(0)
    try expectRows(XenArmSites.table, world.hardware.steps)
  }
}
