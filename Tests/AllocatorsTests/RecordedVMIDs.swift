// The arm64 VMID allocator on a recording machine: the smallest world that shows its steps.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// An allocator and its VMs, driven by one thread.
struct RecordedVMIDs<Rules: Arm64VMIDRules> {
  typealias Allocator = Arm64VMID<RecordingMachine, Rules>

  let hardware: RecordingHardware
  let allocator: Allocator
  let vms: [RecordedWord]

  init(
    _ rules: Rules.Type = Rules.self, pcpus: Int, vms: Int, tagBits: Int = 4,
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

  @discardableResult
  func enter(_ vm: Int, on pcpu: Int) -> Entry {
    allocator.prepareEntry((), of: vms[vm], on: hardware.machine(pcpu))
  }

  func put(_ vm: Int, on pcpu: Int) {
    allocator.put((), of: vms[vm], on: hardware.machine(pcpu))
  }

  /// A new VM in the place of an old one.
  func recreate(_ vm: Int, on pcpu: Int = 0) {
    allocator.destroyVM(vms[vm], on: hardware.machine(pcpu))
    do {
      try allocator.createVM(vms[vm], on: hardware.machine(pcpu))
    } catch {
      preconditionFailure("an allocator that rolls over ran out of numbers: \(error)")
    }
  }

  /// Has these VMs enter and leave on a pCPU, one after the other.
  func pass(_ vms: some Sequence<Int>, on pcpu: Int) {
    for vm in vms {
      enter(vm, on: pcpu)
      put(vm, on: pcpu)
    }
  }

  // MARK: What the allocator remembers

  func id(of vm: Int) -> UInt64 { hardware.memory.values[vms[vm].place] }
  func number(of vm: Int) -> Int { Int(allocator.number(of: id(of: vm)).number) }
  func hasCurrentID(_ vm: Int) -> Bool { allocator.isOfGeneration(id(of: vm), generation) }

  var generation: UInt64 { hardware.memory.values[allocator.generation.place] }
  var active: [UInt64] {
    (0..<allocator.active.count).map { hardware.memory.values[allocator.active[$0].place] }
  }
  var reserved: [UInt64] {
    (0..<allocator.reserved.count).map { hardware.memory.values[allocator.reserved[$0].place] }
  }

  /// The numbers whose bit is set, 0 apart: its bit says nothing.
  var numbersInUse: Set<Int> {
    Set(
      (1..<allocator.numberLimit).filter { number in
        let cell = allocator.numbersInUse[number / 64].place
        return hardware.memory.values[cell] >> (number % 64) & 1 != 0
      })
  }
}

extension RecordedStep {
  /// Operation, ordering and object, as the golden lists write them.
  var short: String {
    var parts = [kind.rawValue]
    if order != "-" { parts.append(order) }
    if let object { parts.append("\(object)") }
    if [.invalidate, .restoreInterrupts, .firmware].contains(kind) { parts.append(detail) }
    return parts.joined(separator: " ")
  }
}

extension Array<RecordedStep> {
  /// The steps that other pCPUs could see, and the interrupts around them.
  var short: [String] {
    filter { $0.site != nil || $0.kind == .maskInterrupts || $0.kind == .restoreInterrupts }
      .map(\.short)
  }
}
