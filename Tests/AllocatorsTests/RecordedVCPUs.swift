// An allocator whose vCPUs come and go, on a recording machine.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// An allocator, VMs and their vCPUs, driven by one thread as the world drives them.
struct RecordedVCPUs<A: TagAllocator> where A.M == RecordingMachine {
  let hardware: RecordingHardware
  let allocator: A
  let vms: [A.VM]
  let vcpus: [[A.VCPU]]

  init(
    _: A.Type = A.self, pcpus: Int = 2, vms: Int = 2, vcpusPerVM: Int = 2, usableTags: Int = 3
  ) {
    hardware = RecordingHardware(pcpuCount: pcpus)
    let memory = hardware.memory
    let allocator = A(
      AllocatorConfiguration(
        tagBits: 2, usableTags: usableTags, pcpuCount: pcpus, vcpusPerVM: vcpusPerVM),
      in: memory)
    self.allocator = allocator
    let states = (0..<vms).map { _ in allocator.makeVM(in: memory) }
    self.vms = states
    vcpus = states.map { vm in
      (0..<vcpusPerVM).map { allocator.makeVCPU($0, of: vm, in: memory) }
    }
    for vm in 0..<vms { create(vm) }
  }

  private func create(_ vm: Int) {
    do {
      try allocator.createVM(vms[vm], on: hardware.machine(0))
    } catch {
      preconditionFailure("an allocator that always has a way out ran out of tags: \(error)")
    }
  }

  /// A new VM in the place of an old one.
  func recreate(_ vm: Int) {
    allocator.destroyVM(vms[vm], on: hardware.machine(0))
    create(vm)
  }

  func load(_ vm: Int, _ vcpu: Int, on pcpu: Int) {
    allocator.load(vcpus[vm][vcpu], of: vms[vm], on: hardware.machine(pcpu))
  }

  @discardableResult
  func prepare(_ vm: Int, _ vcpu: Int, on pcpu: Int) -> Entry {
    allocator.prepareEntry(vcpus[vm][vcpu], of: vms[vm], on: hardware.machine(pcpu))
  }

  func mayEnter(_ vm: Int, _ vcpu: Int, on pcpu: Int) -> Bool {
    allocator.mayEnter(vcpus[vm][vcpu], of: vms[vm], on: hardware.machine(pcpu))
  }

  func abort(_ vm: Int, _ vcpu: Int, on pcpu: Int) {
    allocator.entryAborted(vcpus[vm][vcpu], of: vms[vm], on: hardware.machine(pcpu))
  }

  /// One entry and exit of a vCPU that is loaded; returns its tag.
  @discardableResult
  func enter(_ vm: Int, _ vcpu: Int, on pcpu: Int) -> UInt64 {
    let m = hardware.machine(pcpu)
    repeat { prepare(vm, vcpu, on: pcpu) } while !mayEnter(vm, vcpu, on: pcpu)
    let tag = allocator.lateID(of: vcpus[vm][vcpu], of: vms[vm], on: m).tag.number
    allocator.exited(vcpus[vm][vcpu], of: vms[vm], on: m)
    return tag
  }

  /// A slice with one entry; returns its tag.
  @discardableResult
  func run(_ vm: Int, _ vcpu: Int = 0, on pcpu: Int) -> UInt64 {
    load(vm, vcpu, on: pcpu)
    let tag = enter(vm, vcpu, on: pcpu)
    allocator.put(vcpus[vm][vcpu], of: vms[vm], on: hardware.machine(pcpu))
    return tag
  }

  /// A slice with one entry: its tag, and what it flushed.
  func slice(_ vm: Int, _ vcpu: Int = 0, on pcpu: Int) -> (UInt64, [String]) {
    var tag: UInt64 = 0
    let flushed = flushes { tag = run(vm, vcpu, on: pcpu) }
    return (tag, flushed)
  }

  func unmap(_ vm: Int, on pcpu: Int) {
    allocator.flush(page: 0, of: vms[vm], on: hardware.machine(pcpu))
  }

  /// What `body` has flushed, each on its own pCPU.
  func flushes(_ body: () -> Void) -> [String] {
    hardware.record(body).filter { $0.kind == .invalidate }.map(\.detail)
  }
}
