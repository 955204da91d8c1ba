// KVM's ASIDs for encrypted guests, step by step: who gets which number, and what comes before a number
// that another had.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("Encrypted guests") struct SVMSEVTests {
  private typealias World<Rules: SVMSEVRules> = RecordedSEV<Rules>
  private typealias Right = World<SVMSEVAsMerged>

  /// What recycling is made of, with the lock held.
  private let emptying = [
    "wait relaxed deactivation[0]", "compareExchange acquire deactivation[0]", "call",
    "writeBackCache", "waitForCalls", "firmware flushFabric",
    "store release deactivation[0]",
  ]
  private let lock = "acquire acquire lock[0]"
  private let unlock = "release release lock[0]"

  @Test func `SEV guests have the high numbers, SEV-ES guests the low ones`() throws {
    let world = Right(vms: 5, usableTags: 5)
    for vm in 0..<5 { try world.create(vm) }
    #expect((0..<5).map { world.run($0, on: 0) } == [3, 1, 4, 2, 5])
  }

  @Test func `a class that has run out has no number though the other one has`() throws {
    let world = Right(vms: 4, usableTags: 4)
    for vm in [0, 1, 2] { try world.create(vm) }
    try world.create(3)
    let full = Right(vms: 4, usableTags: 3)
    for vm in [0, 1, 2] { try full.create(vm) }
    #expect(throws: AllocationError.exhausted) { try full.create(3) }
  }

  @Test func `a VM is created under the lock and bound behind it`() throws {
    let world = Right()
    let steps = try world.steps { try world.create(0) }
    #expect(
      steps == [
        "add relaxed addresses[0]", lock, "mayFail", unlock, "firmware activate",
        "store relaxed requests[0]", "store relaxed requests[1]",
      ])
  }

  @Test func `the end deactivates first, then puts the number aside and out of all maps`() throws {
    let world = Right()
    try world.create(0)
    let steps = world.steps { world.destroy(0) }
    #expect(
      steps == [
        "wait relaxed deactivation[0]", "compareExchange acquire deactivation[0]",
        "firmware deactivate", "add release deactivation[0]",
        lock, "store relaxed last VMCB[2]", "store relaxed last VMCB[5]", unlock,
      ])
  }

  @Test func `caches are emptied under the lock, when a class has run out`() throws {
    let world = Right(usableTags: 3)
    try world.create(0)
    world.destroy(0)
    #expect(try !world.steps { try world.create(0) }.contains("writeBackCache"), "3 was free")
    world.destroy(0)
    let steps = try world.steps { try world.create(0) }
    #expect(steps.starts(with: [lock] + emptying + ["mayFail", unlock, "firmware activate"]))
    #expect(world.run(0, on: 0) == 2)
    #expect(world.hardware.counts[.rollovers] == 1)
  }

  @Test func `recycling frees the numbers of both classes`() throws {
    let world = Right(usableTags: 2)
    for vm in 0..<2 { try world.create(vm) }
    for vm in 0..<2 { world.destroy(vm) }
    for vm in 0..<2 { try world.create(vm) }
    #expect(world.hardware.counts[.rollovers] == 1)
  }

  @Test func `if the firmware refuses to flush nothing is free, and the lock is`() throws {
    let world = Right(usableTags: 2)
    try world.create(0)
    world.destroy(0)
    world.hardware.firmwareAnswers = [.writeBackRequired]
    #expect(throws: AllocationError.exhausted) { try world.create(0) }
    try world.create(0)
  }

  @Test func `a number that is not bound is put aside`() throws {
    let world = Right(usableTags: 2)
    world.hardware.firmwareAnswers = [.fabricFlushRequired]
    #expect(throws: AllocationError.refused) { try world.create(0) }
    #expect(try world.steps { try world.create(0) }.contains("writeBackCache"))
  }

  @Test func `no room in the maps: the lock and the number are free`() throws {
    let world = Right(usableTags: 2)
    world.hardware.decisions = [1]
    #expect(throws: AllocationError.outOfMemory) { try world.create(0) }
    #expect(try !world.steps { try world.create(0) }.contains("writeBackCache"))
    #expect(world.run(0, on: 0) == 2)
  }

  @Test func `an entry where nothing has changed: three looks`() throws {
    let world = Right()
    try world.create(0)
    world.run(0, on: 1)
    #expect(
      world.steps { world.run(0, on: 1) } == [
        "load relaxed requests[0]", "load relaxed requests[0]", "load relaxed last VMCB[5]",
      ])
  }

  @Test func `another VMCB under the number, or one that comes from elsewhere, flushes`() throws {
    let world = Right(usableTags: 2)
    try world.create(0)
    let flush = ["tag 2 on thisPCPU"]
    #expect(world.flushes { world.run(0, 0, on: 0) } == flush, "its first run")
    #expect(world.flushes { world.run(0, 0, on: 0) }.isEmpty)
    #expect(world.flushes { world.run(0, 1, on: 0) } == flush, "another one")
    #expect(world.flushes { world.run(0, 0, on: 0) } == flush, "another one ran")
    #expect(world.flushes { world.run(0, 0, on: 1) } == flush, "it moves")
    #expect(world.flushes { world.run(0, 0, on: 0) } == flush, "it comes back")
    world.destroy(0)
    try world.create(0)
    #expect(world.flushes { world.run(0, 0, on: 0) } == flush, "a new VM, same number and address")
  }

  // MARK: Faults

  @Test func `B59: the number comes back, and no cache is written back`() throws {
    let world = World<ReclaimedAtOnce>(usableTags: 2)
    try world.create(0)
    world.destroy(0)
    #expect(try !world.steps { try world.create(0) }.contains("writeBackCache"))
  }

  @Test func `B59D: nobody takes the lock that keeps deactivation out`() throws {
    let world = World<DeactivationNotExcluded>(usableTags: 2)
    try world.create(0)
    let steps = try world.steps {
      world.destroy(0)
      try world.create(0)
    }
    #expect(!steps.contains { $0.contains("deactivation[") })
  }

  @Test func `B59W: nobody is called`() throws {
    let world = World<OneCacheWrittenBack>(usableTags: 2)
    try world.create(0)
    world.destroy(0)
    #expect(try !world.steps { try world.create(0) }.contains("call"))
  }

  @Test func `B60: the SEV-ES class is not asked`() throws {
    let world = World<OtherClassAsked>(usableTags: 2)
    for vm in 0..<2 { try world.create(vm) }
    world.destroy(1)
    #expect(throws: AllocationError.exhausted) { try world.create(1) }
    world.destroy(0)
    try world.create(1)
  }

  @Test func `B61: the lock stays taken`() {
    let world = World<LockKeptAtFailure>()
    world.hardware.decisions = [1]
    world.hardware.firmwareAnswers = [.invalidTag]
    #expect(throws: AllocationError.refused) { try world.create(0) }
    #expect(world.hardware.memory.values(of: "lock").first != 0)
  }

  // MARK: The site table

  @Test func `every row is reached, and says what is done`() throws {
    let world = Right(usableTags: 2)
    for vm in 0..<2 { try world.create(vm) }
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.run(0, on: 0)
    world.destroy(0)
    try world.create(0)
    let steps = world.hardware.steps.filter { $0.site != nil }
    #expect(Set(steps.compactMap(\.site)) == Set(SVMSEVSites.table.map(\.site)))
    #expect(SVMSEVSites.table.map(\.site.number) == (1...27).map(\.self))
    for step in steps where step.kind != .wait {
      let row = try #require(SVMSEVSites.table.first { $0.site == step.site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
      if let object = step.object {
        #expect(row.object.split(separator: "[").first.map(String.init) == object.name)
      }
    }
  }
}

/// Encrypted guests on a recording machine.
private struct RecordedSEV<Rules: SVMSEVRules> {
  typealias A = SVMSEV<RecordingMachine, Rules>

  let hardware = RecordingHardware(pcpuCount: 2)
  let allocator: A
  let vms: [A.VM]

  init(vms: Int = 2, usableTags: Int = 2) {
    let memory = hardware.memory
    let allocator = A(
      AllocatorConfiguration(tagBits: 3, usableTags: usableTags, pcpuCount: 2, vcpusPerVM: 2),
      in: memory)
    self.allocator = allocator
    self.vms = (0..<vms).map { _ in allocator.makeVM(in: memory) }
  }

  func create(_ vm: Int) throws { try allocator.createVM(vms[vm], on: hardware.machine(0)) }

  func destroy(_ vm: Int) { allocator.destroyVM(vms[vm], on: hardware.machine(0)) }

  func unmap(_ vm: Int, on pcpu: Int) {
    allocator.flush(page: 0, of: vms[vm], on: hardware.machine(pcpu))
  }

  /// A slice with one entry; returns its tag.
  @discardableResult
  func run(_ vm: Int, _ number: Int = 0, on pcpu: Int) -> UInt64 {
    let m = hardware.machine(pcpu)
    let vcpu = allocator.makeVCPU(number, of: vms[vm], in: hardware.memory)
    allocator.load(vcpu, of: vms[vm], on: m)
    repeat {
      _ = allocator.prepareEntry(vcpu, of: vms[vm], on: m)
    } while !allocator.mayEnter(vcpu, of: vms[vm], on: m)
    let tag = allocator.lateID(of: vcpu, of: vms[vm], on: m).tag.number
    allocator.exited(vcpu, of: vms[vm], on: m)
    allocator.put(vcpu, of: vms[vm], on: m)
    return tag
  }

  func steps(_ body: () throws -> Void) rethrows -> [String] {
    try hardware.record(body).short
  }

  func flushes(_ body: () -> Void) -> [String] {
    hardware.record(body).filter { $0.kind == .invalidate }.map(\.detail)
  }
}
