// The bare KVM/arm allocator on a recording machine: the smallest world that shows its steps.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// An allocator and its VMs, driven by one thread.
struct RecordedBareVMIDs<Rules: KVMArmBareRules> {
  typealias Allocator = KVMArmBare<RecordingMachine, Rules>

  let hardware: RecordingHardware
  let allocator: Allocator
  let vms: [Allocator.VM]

  init(_ rules: Rules.Type = Rules.self, pcpus: Int = 2, vms: Int = 4, tagBits: Int = 2) {
    hardware = RecordingHardware(pcpuCount: pcpus)
    let memory = hardware.memory
    let allocator = Allocator(
      AllocatorConfiguration(tagBits: tagBits, pcpuCount: pcpus), in: memory)
    self.allocator = allocator
    self.vms = (0..<vms).map { _ in allocator.makeVM(in: memory) }
  }

  @discardableResult
  func prepare(_ vm: Int, on pcpu: Int) -> Entry {
    allocator.prepareEntry((), of: vms[vm], on: hardware.machine(pcpu))
  }

  func mayEnter(_ vm: Int, on pcpu: Int) -> Bool {
    allocator.mayEnter((), of: vms[vm], on: hardware.machine(pcpu))
  }

  func abort(_ vm: Int, on pcpu: Int) {
    allocator.entryAborted((), of: vms[vm], on: hardware.machine(pcpu))
  }

  func lateNumber(_ vm: Int, on pcpu: Int) -> UInt64 {
    allocator.lateID(of: (), of: vms[vm], on: hardware.machine(pcpu)).tag.number
  }

  func exit(_ vm: Int, on pcpu: Int) {
    allocator.exited((), of: vms[vm], on: hardware.machine(pcpu))
  }

  /// A whole stay in the guest; returns the number it was made under.
  @discardableResult
  func pass(_ vm: Int, on pcpu: Int) -> UInt64 {
    repeat { prepare(vm, on: pcpu) } while !mayEnter(vm, on: pcpu)
    let number = lateNumber(vm, on: pcpu)
    exit(vm, on: pcpu)
    return number
  }

  /// A new VM in the place of an old one.
  func recreate(_ vm: Int) {
    allocator.destroyVM(vms[vm], on: hardware.machine(0))
    do {
      try allocator.createVM(vms[vm], on: hardware.machine(0))
    } catch {
      preconditionFailure("an allocator that rolls over ran out of numbers: \(error)")
    }
  }

  // MARK: What the allocator remembers

  var generation: UInt64 { hardware.memory.values[allocator.generation.place] }
  var nextNumber: UInt64 { hardware.memory.values[allocator.nextNumber.place] }
  func generation(of vm: Int) -> UInt64 { hardware.memory.values[vms[vm].generation.place] }
  func number(of vm: Int) -> UInt64 { hardware.memory.values[vms[vm].number.place] }
}
