// The template: a number for life, and none given on before a flush.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("The template allocator") struct TemplateAllocatorTests {
  private let hardware = RecordingHardware(pcpuCount: 1)
  private let allocator: GlobalLockAllocator<RecordingMachine>
  private let vms: [RecordedCell]

  init() {
    let allocator = GlobalLockAllocator<RecordingMachine>(
      AllocatorConfiguration(tagBits: 4, usableTags: 3, pcpuCount: 1), in: hardware.memory)
    let memory = hardware.memory
    self.allocator = allocator
    vms = (0..<4).map { _ in allocator.makeVM(in: memory) }
  }

  private var m: RecordingMachine { hardware.machine(0) }

  private func tags(_ vms: some Sequence<Int>) -> [UInt64] {
    vms.map { allocator.prepareEntry((), of: self.vms[$0], on: m).tag.number }
  }

  @Test func `every VM has a tag of its own from its creation on`() throws {
    for vm in 0..<3 { try allocator.createVM(vms[vm], on: m) }
    #expect(tags(0..<3) == [1, 2, 3])
    #expect(tags(0..<3) == [1, 2, 3], "for life")
    let late = allocator.lateID(of: (), of: vms[2], on: m)
    #expect(late == TagID(tag: Tag(3), generation: 0))
  }

  @Test func `when all tags are taken creation throws, and the lock is free again`() throws {
    for vm in 0..<3 { try allocator.createVM(vms[vm], on: m) }
    #expect(throws: AllocationError.exhausted) { try allocator.createVM(vms[3], on: m) }
    #expect(hardware.memory.value(of: "lock") == 0)
  }

  @Test func `a freed tag goes to the next VM`() throws {
    for vm in 0..<3 { try allocator.createVM(vms[vm], on: m) }
    allocator.destroyVM(vms[1], on: m)
    try allocator.createVM(vms[3], on: m)
    #expect(tags([3]) == [2])
  }

  @Test func `a tag is flushed everywhere before it counts as free`() throws {
    try allocator.createVM(vms[0], on: m)
    let steps = hardware.record { allocator.destroyVM(vms[0], on: m) }
    let shown = steps.filter { $0.kind != .read }.map(\.short)
    #expect(
      shown == [
        "invalidate tag 1 on everyPCPU", "waitForInvalidations", "acquire acquire lock[0]",
        "write taken[1]", "release release lock[0]",
      ])
  }

  @Test func `an entry touches nothing that is shared`() throws {
    try allocator.createVM(vms[0], on: m)
    let steps = hardware.record {
      #expect(allocator.prepareEntry((), of: vms[0], on: m).tookFastPath)
      allocator.put((), of: vms[0], on: m)
    }
    #expect(steps.allSatisfy { $0.site == nil })
  }

  @Test func `the site table says what is done`() throws {
    try allocator.createVM(vms[0], on: m)
    allocator.flush(page: 5, of: vms[0], on: m)
    allocator.destroyVM(vms[0], on: m)
    let sites = GlobalLockAllocator<RecordingMachine>.sites
    #expect(Set(hardware.steps.compactMap(\.site)) == Set(sites.map(\.site)))
    for step in hardware.steps {
      guard let site = step.site else { continue }
      let row = try #require(sites.first { $0.site == site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
    }
  }
}
