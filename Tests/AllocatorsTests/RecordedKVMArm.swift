// KVM's allocator on arm before 2021 on a recording machine: the smallest world that shows its steps.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// An allocator and its VMs, driven by one thread.
struct RecordedKVMArm<Rules: KVMArmRules> {
  typealias Allocator = KVMArm<RecordingMachine, Rules>

  let hardware: RecordingHardware
  let allocator: Allocator
  let vms: [Allocator.VM]

  init(_ rules: Rules.Type = Rules.self, pcpus: Int = 2, vms: Int = 4) {
    hardware = RecordingHardware(pcpuCount: pcpus)
    let memory = hardware.memory
    let allocator = Allocator(AllocatorConfiguration(tagBits: 2, pcpuCount: pcpus), in: memory)
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

  /// A whole stay in the guest; returns the number it was made under.
  @discardableResult
  func pass(_ vm: Int, on pcpu: Int) -> UInt64 {
    repeat { prepare(vm, on: pcpu) } while !mayEnter(vm, on: pcpu)
    let number = lateNumber(vm, on: pcpu)
    allocator.exited((), of: vms[vm], on: hardware.machine(pcpu))
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

  /// What is on the record once every branch was taken.
  func everything() -> [RecordedStep] {
    recreate(0)
    for vm in 0..<4 { pass(vm, on: 0) }
    prepare(0, on: 1)
    _ = mayEnter(0, on: 1)
    abort(0, on: 1)
    allocator.flush(page: 3, of: vms[0], on: hardware.machine(0))
    return hardware.steps
  }

  /// pCPU 1 gives VM 0 a number in a new generation; just before its operation at `site` pCPU 0 comes
  /// to the last look for VM 0, whose number was 1. Returns under which number it enters, and pCPU 1
  /// afterwards; nil if it stays out.
  func lookDuringPublication(before site: Site) -> (UInt64?, UInt64) {
    for vm in 0..<4 { pass(vm, on: 1) }
    var number: UInt64?
    hardware.interrupt(before: site) {
      guard mayEnter(0, on: 0) else { return abort(0, on: 0) }
      number = lateNumber(0, on: 0)
    }
    prepare(0, on: 1)
    return (number, lateNumber(0, on: 1))
  }
}
