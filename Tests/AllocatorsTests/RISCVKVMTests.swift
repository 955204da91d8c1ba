// KVM's allocator on RISC-V, step by step and in the windows between two pCPUs.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

/// An allocator and its VMs of two vCPUs, driven by one thread.
private struct RecordedRISCV<Rules: RISCVKVMRules> {
  typealias Allocator = RISCVKVM<RecordingMachine, Rules>

  let hardware = RecordingHardware(pcpuCount: 2)
  let allocator: Allocator
  let vms: [Allocator.VM]

  init(_ rules: Rules.Type = Rules.self) {
    let memory = hardware.memory
    let allocator = Allocator(
      AllocatorConfiguration(tagBits: 2, pcpuCount: 2, vcpusPerVM: 2), in: memory)
    self.allocator = allocator
    vms = (0..<4).map { _ in allocator.makeVM(in: memory) }
  }

  func load(_ vcpu: Int, of vm: Int, on pcpu: Int) {
    allocator.load(vcpu, of: vms[vm], on: hardware.machine(pcpu))
  }

  @discardableResult
  func prepare(_ vcpu: Int, of vm: Int, on pcpu: Int) -> Entry {
    allocator.prepareEntry(vcpu, of: vms[vm], on: hardware.machine(pcpu))
  }

  /// The number it enters with; nil if the last look keeps it out.
  func look(_ vcpu: Int, of vm: Int, on pcpu: Int) -> UInt64? {
    let m = hardware.machine(pcpu)
    guard allocator.mayEnter(vcpu, of: vms[vm], on: m) else { return nil }
    return allocator.lateID(of: vcpu, of: vms[vm], on: m).tag.number
  }

  /// A whole stay in the guest; returns the number it was made under.
  @discardableResult
  func pass(_ vcpu: Int, of vm: Int, on pcpu: Int) -> UInt64 {
    load(vcpu, of: vm, on: pcpu)
    var number: UInt64?
    while number == nil {
      prepare(vcpu, of: vm, on: pcpu)
      number = look(vcpu, of: vm, on: pcpu)
    }
    allocator.exited(vcpu, of: vms[vm], on: hardware.machine(pcpu))
    return number ?? 0
  }

  func recreate(_ vm: Int) {
    allocator.destroyVM(vms[vm], on: hardware.machine(0))
    do {
      try allocator.createVM(vms[vm], on: hardware.machine(0))
    } catch {
      preconditionFailure("an allocator that rolls over ran out of numbers: \(error)")
    }
  }
}

@Suite("RISC-V VMIDs") struct RISCVKVMTests {
  private let update = ["load acquire VM version[0]", "load relaxed version[0]"]
  private let noRequest = ["load relaxed request[0]"]

  private func current() -> RecordedRISCV<RISCVKVMRequestFirst> {
    let world = RecordedRISCV<RISCVKVMRequestFirst>()
    world.pass(0, of: 0, on: 0)
    return world
  }

  @Test func `a VM with a number of this version: one look, and no request`() {
    let world = current()
    let steps = world.hardware.record {
      #expect(world.prepare(0, of: 0, on: 0).tookFastPath)
      #expect(world.look(0, of: 0, on: 0) == 1)
    }
    #expect(steps.short == update + noRequest + update + noRequest)
  }

  @Test func `the first number of all rolls over: everybody flushes its own TLB`() throws {
    let world = RecordedRISCV<RISCVKVMRequestFirst>()
    let steps = world.hardware.record {
      #expect(!world.prepare(0, of: 0, on: 1).tookFastPath)
    }
    let rollover =
      ["load relaxed version[0]", "store relaxed version[0]", "call"]
      + ["invalidate everything on thisPCPU", "waitForCalls"]
    let publication =
      ["load relaxed version[0]", "store relaxed VM number[0]"]
      + ["or release request[0]", "or release request[1]", "store release VM version[0]"]
    let taken = noRequest + ["exchange fullyOrdered request[0]", "load relaxed VM number[0]"]
    #expect(
      steps.short
        == update + ["acquire acquire lock[0]"] + update + rollover + publication
        + ["release release lock[0]"] + taken)
    let call = try #require(steps.first { $0.kind == .call })
    #expect(call.input == [0b01, CallRequest.flushEverything.rawValue])
    #expect(world.look(0, of: 0, on: 1) == 1)
  }

  @Test func `a vCPU that left another pCPU drops its VM's translations`() {
    let world = current()
    func looks(on pcpu: Int) -> [String] {
      world.load(0, of: 0, on: pcpu)
      return world.hardware.record { _ = world.look(0, of: 0, on: pcpu) }.short
    }
    #expect(looks(on: 0) == update + noRequest)
    #expect(
      looks(on: 1) == update + noRequest
        + ["load relaxed VM number[0]", "invalidate tag 1 on thisPCPU"])
  }

  @Test func `a new VM in an old one's place needs a number, and its vCPUs ran nowhere`() {
    let world = current()
    world.recreate(0)
    let steps = world.hardware.record { #expect(world.pass(0, of: 0, on: 0) == 2) }
    #expect(steps.short.contains("invalidate tag 2 on thisPCPU"))
  }

  @Test func `the VMs hold the numbers they were given, and the next one is behind them`() {
    for (full, number) in [(false, 3), (true, 1)] as [(Bool, UInt64)] {
      let world = RecordedRISCV<RISCVKVMRequestFirst>()
      world.allocator.start(
        from: InitialState(numbers: [2, 0, 1, 0], full: full), vms: world.vms,
        on: world.hardware.machine(0))
      #expect(world.pass(0, of: 0, on: 0) == 2)
      #expect(world.pass(0, of: 1, on: 0) == number)
    }
  }

  @Test func `every row is reached, and says what is done`() throws {
    let world = current()
    world.recreate(0)
    for vm in 0..<4 { world.pass(0, of: vm, on: 0) }
    world.allocator.flush(page: 3, of: world.vms[0], on: world.hardware.machine(0))
    let steps = world.hardware.steps.filter { $0.site != nil }
    #expect(Set(steps.compactMap(\.site)) == Set(RISCVKVMSites.table.map(\.site)))
    for step in steps {
      let row = try #require(RISCVKVMSites.table.first { $0.site == step.site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
      switch row.object {
      case "everything", "page", "tag":
        #expect(step.detail.hasPrefix(row.object), "\(row.name)")
      case "-": #expect(step.object == nil, "\(row.name)")
      default: #expect(step.object?.name == row.object, "\(row.name)")
      }
    }
    #expect(
      RISCVKVMSites.table.map(\.site.number)
        == (1...UInt16(RISCVKVMSites.table.count)).map(\.self))
  }

  // MARK: Two pCPUs at once

  /// vCPU 0 of VM 0 has number 1 in its register and is prepared; others roll over, and vCPU 1 takes
  /// a new number for the VM. Just before its operation at `site` vCPU 0 comes to its last look.
  private func lookDuringPublication<Rules: RISCVKVMRules>(
    _: Rules.Type, before site: Site
  ) -> UInt64? {
    let world = RecordedRISCV<Rules>()
    world.pass(0, of: 0, on: 0)
    world.load(0, of: 0, on: 0)
    world.prepare(0, of: 0, on: 0)
    for vm in 1...3 { world.pass(0, of: vm, on: 1) }
    var number: UInt64?
    world.hardware.interrupt(before: site) { number = world.look(0, of: 0, on: 0) }
    #expect(world.pass(1, of: 0, on: 1) == 2)
    return number
  }

  @Test func `B44R: between the version and the request the old register enters`() {
    #expect(lookDuringPublication(RISCVKVMAsMerged.self, before: RISCVKVMSites.makeRequest) == 1)
    for site in [RISCVKVMSites.makeRequest, RISCVKVMSites.publishVersion, RISCVKVMSites.slowUnlock]
    {
      #expect(lookDuringPublication(RISCVKVMRequestFirst.self, before: site) == nil)
    }
  }

  @Test func `B47: a rollover that calls nobody`() {
    let world = RecordedRISCV<FenceThatStaysOut>()
    let steps = world.hardware.record { world.prepare(0, of: 0, on: 0) }
    #expect(!steps.contains { $0.kind == .call })
    #expect(steps.short.contains("invalidate everything on everyPCPU"))
  }
}
