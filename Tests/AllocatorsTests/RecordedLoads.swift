// The allocators that decide at load, on a recording machine.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// An allocator and its VMs of two vCPUs each, driven by one thread.
struct RecordedLoads<Rules: Arm64VMIDAtLoadRules> {
  typealias Allocator = Arm64VMIDAtLoad<RecordingMachine, Rules>

  let hardware: RecordingHardware
  let allocator: Allocator
  let vms: [Allocator.VM]
  let vcpus: [UInt64]

  init(_ rules: Rules.Type = Rules.self, pcpus: Int = 2, vms: Int = 5) {
    hardware = RecordingHardware(pcpuCount: pcpus)
    let memory = hardware.memory
    let allocator = Allocator(AllocatorConfiguration(tagBits: 2, pcpuCount: pcpus), in: memory)
    self.allocator = allocator
    let made = (0..<vms).map { _ in allocator.makeVM(in: memory) }
    self.vms = made
    vcpus = (0..<2).map { allocator.makeVCPU($0, of: made[0], in: memory) }
  }

  func load(_ vm: Int, vcpu: Int = 0, on pcpu: Int) {
    allocator.load(vcpus[vcpu], of: vms[vm], on: hardware.machine(pcpu))
  }

  @discardableResult
  func prepare(_ vm: Int, on pcpu: Int) -> Entry {
    allocator.prepareEntry(vcpus[0], of: vms[vm], on: hardware.machine(pcpu))
  }

  func put(_ vm: Int, on pcpu: Int) {
    allocator.put(vcpus[0], of: vms[vm], on: hardware.machine(pcpu))
  }

  /// Has these VMs come and go on a pCPU, one after the other.
  func pass(_ vms: some Sequence<Int>, on pcpu: Int) {
    for vm in vms {
      load(vm, on: pcpu)
      put(vm, on: pcpu)
    }
  }

  /// The number in the register of a pCPU.
  func installed(on pcpu: Int) -> UInt64 {
    allocator.lateID(of: vcpus[0], of: vms[0], on: hardware.machine(pcpu)).tag.number
  }

  func number(of vm: Int) -> UInt64 {
    allocator.ids.number(of: hardware.memory.values[vms[vm].id.place]).number
  }

  var reserved: [UInt64] { hardware.memory.values(of: "reserved") }
  var active: [UInt64] { hardware.memory.values(of: "active") }
}
