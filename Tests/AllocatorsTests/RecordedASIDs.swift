// The ASID allocator of arm64 and its relatives on a recording machine.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// An allocator and its processes, driven by one thread.
struct RecordedASIDs<Rules: ArmASIDRules> {
  typealias Allocator = ArmASID<RecordingMachine, Rules>

  let hardware: RecordingHardware
  let allocator: Allocator
  let vms: [Allocator.VM]

  init(
    _ rules: Rules.Type = Rules.self, pcpus: Int = 2, vms: Int = 6, tagBits: Int = 2,
    usableTags: Int? = nil
  ) {
    hardware = RecordingHardware(pcpuCount: pcpus)
    let memory = hardware.memory
    let allocator = Allocator(
      AllocatorConfiguration(tagBits: tagBits, usableTags: usableTags, pcpuCount: pcpus),
      in: memory)
    self.allocator = allocator
    self.vms = (0..<vms).map { _ in allocator.makeVM(in: memory) }
  }

  /// A pCPU switches to a process.
  func load(_ vm: Int, on pcpu: Int) {
    allocator.load((), of: vms[vm], on: hardware.machine(pcpu))
  }

  @discardableResult
  func prepare(_ vm: Int, on pcpu: Int) -> Entry {
    allocator.prepareEntry((), of: vms[vm], on: hardware.machine(pcpu))
  }

  /// A switch, and one stay outside the kernel; returns the number it was made under.
  @discardableResult
  func pass(_ vm: Int, on pcpu: Int) -> UInt64 {
    load(vm, on: pcpu)
    prepare(vm, on: pcpu)
    let number = lateNumber(vm, on: pcpu)
    exit(vm, on: pcpu)
    put(vm, on: pcpu)
    return number
  }

  func lateNumber(_ vm: Int, on pcpu: Int) -> UInt64 {
    allocator.lateID(of: (), of: vms[vm], on: hardware.machine(pcpu)).tag.number
  }

  func exit(_ vm: Int, on pcpu: Int) {
    allocator.exited((), of: vms[vm], on: hardware.machine(pcpu))
  }

  func put(_ vm: Int, on pcpu: Int) {
    allocator.put((), of: vms[vm], on: hardware.machine(pcpu))
  }

  func pin(_ vm: Int, on pcpu: Int = 0) -> UInt64 {
    allocator.pin(vms[vm], on: hardware.machine(pcpu)).number
  }

  func unpin(_ vm: Int, on pcpu: Int = 0) {
    allocator.unpin(vms[vm], on: hardware.machine(pcpu))
  }

  /// A new process in the place of an old one.
  func recreate(_ vm: Int) {
    allocator.destroyVM(vms[vm], on: hardware.machine(0))
    do {
      try allocator.createVM(vms[vm], on: hardware.machine(0))
    } catch {
      preconditionFailure("an allocator that rolls over ran out of numbers: \(error)")
    }
  }

  // MARK: What the allocator remembers

  private func values(_ cells: Bank<RecordedCell>) -> [UInt64] {
    (0..<cells.count).map { hardware.memory.values[cells[$0].place] }
  }

  func id(of vm: Int) -> UInt64 { hardware.memory.values[vms[vm].id.place] }
  var generation: UInt64 { hardware.memory.values[allocator.generation.place] >> allocator.tagBits }
  var active: [UInt64] {
    (0..<allocator.active.count).map { hardware.memory.values[allocator.active[$0].place] }
  }
  var reserved: [UInt64] { values(allocator.reserved) }
  var mustFlush: [UInt64] { values(allocator.mustFlush) }
  var numbersInUse: UInt64 { values(allocator.numbersInUse)[0] }
  var pinned: UInt64 { values(allocator.pinned)[0] }
}
