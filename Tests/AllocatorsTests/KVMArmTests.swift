// KVM's allocator on arm before 2021 and its versions, step by step and in the windows between two
// pCPUs.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("KVM/arm VMIDs, step by step") struct KVMArmGoldenTests {
  private let look = [
    "load relaxed generation[0]", "fence loadLoad", "load relaxed VM generation[0]",
  ]
  private let publication = [
    "load relaxed generation[0]", "store relaxed vttbr[0]", "fence storeStore",
    "store relaxed VM generation[0]",
  ]
  private let flush = ["invalidate everything on everyPCPU", "waitForInvalidations"]

  private func underLock(_ steps: [String] = []) -> [String] {
    ["acquire acquire lock[0]"] + look + steps + ["release release lock[0]"]
  }

  @Test func `a VM with a number of this generation: one look`() {
    let world = RecordedKVMArm<KVMArmLockless>()
    world.pass(0, on: 0)
    let steps = world.hardware.record { #expect(world.prepare(0, on: 1).tookFastPath) }
    #expect(steps.short == look)
  }

  @Test func `a VM without one takes the next, under the lock, interrupts as they are`() {
    let world = RecordedKVMArm<KVMArmLockless>()
    let steps = world.hardware.record { #expect(!world.prepare(0, on: 0).tookFastPath) }
    #expect(steps.short == look + underLock(publication))
    #expect(world.lateNumber(0, on: 0) == 1)
  }

  @Test func `a rollover bumps, calls everybody, waits, and flushes`() throws {
    let world = RecordedKVMArm<KVMArmLockless>(pcpus: 3)
    for vm in 1...3 { world.pass(vm, on: 0) }
    let steps = world.hardware.record { #expect(world.pass(0, on: 1) == 1) }
    let rollover = ["add relaxed generation[0]", "call", "waitForCalls"] + flush
    let entry = ["store relaxed mode[1]", "fence full"] + look + ["load relaxed vttbr[0]"]
    #expect(
      steps.short
        == look + underLock(rollover + publication) + entry + ["store release mode[1]"])
    let call = try #require(steps.first { $0.kind == .call })
    #expect(call.input == [0b101, CallRequest.leaveGuest.rawValue], "pCPUs 0 and 2")
  }

  @Test func `before 2013 everybody flushes, and nobody looks again under the lock`() throws {
    let world = RecordedKVMArm<KVMArm2012>()
    for vm in 1...3 { world.pass(vm, on: 0) }
    let steps = world.hardware.record { world.prepare(0, on: 1) }
    let rollover = ["add relaxed generation[0]", "call", "waitForCalls"] + flush
    #expect(
      steps.short
        == look + ["acquire acquire lock[0]"] + rollover + publication
        + ["release release lock[0]"])
    let call = try #require(steps.first { $0.kind == .call })
    #expect(call.input == [0b01, CallRequest.flushEverything.rawValue])
  }

  @Test func `in 2018 readers share the lock for the first look, and not for the last`() {
    let world = RecordedKVMArm<KVMArm2018>()
    world.pass(0, on: 0)
    let first = world.hardware.record { #expect(world.prepare(0, on: 1).tookFastPath) }
    #expect(
      first.short
        == ["wait relaxed lock[0]", "compareExchange acquire lock[0]"] + look
        + ["add release lock[0]"])
    let last = world.hardware.record { #expect(world.mayEnter(0, on: 1)) }
    #expect(last.short == ["store relaxed mode[1]", "fence full"] + look)
  }

  @Test func `a rollover that asks calls those who are about to enter`() throws {
    let world = RecordedKVMArm<KVMArmAsking>(pcpus: 3)
    for vm in 1...3 { world.pass(vm, on: 0) }
    #expect(world.mayEnter(1, on: 2))
    let steps = world.hardware.record { world.prepare(0, on: 1) }
    let asking = ["fence full", "load acquire mode[0]", "load acquire mode[2]", "call"]
    #expect(steps.short.dropFirst(8).prefix(4) == asking[...])
    let call = try #require(steps.first { $0.kind == .call })
    #expect(call.input == [0b100, CallRequest.leaveGuest.rawValue], "pCPU 2 alone")
  }

  @Test func `a new VM in an old one's place needs a number`() {
    let world = RecordedKVMArm<KVMArmLockless>()
    world.pass(0, on: 0)
    world.recreate(0)
    #expect(world.lateNumber(0, on: 0) == 0)
    #expect(world.pass(0, on: 0) == 2)
  }

  @Test func `the VMs hold the numbers they were given, and the next one is behind them`() {
    for (state, number) in [
      (InitialState(numbers: [2, 0, 1, 0], full: false), 3),
      (InitialState(numbers: [2, 0, 1, 0], full: true), 1),
    ] as [(InitialState, UInt64)] {
      let world = RecordedKVMArm<KVMArmLockless>()
      world.allocator.start(from: state, vms: world.vms, on: world.hardware.machine(0))
      #expect(world.prepare(0, on: 1).tookFastPath)
      #expect(world.lateNumber(0, on: 1) == 2)
      #expect(world.pass(1, on: 0) == number)
    }
  }

  @Test func `every row is reached by some version, and says what is done`() throws {
    var steps = RecordedKVMArm<KVMArmLockless>().everything()
    steps += RecordedKVMArm<KVMArm2018>().everything()
    steps += RecordedKVMArm<KVMArmAsking>().everything()
    steps.removeAll { $0.site == nil }
    #expect(Set(steps.compactMap(\.site)) == Set(KVMArmSites.table.map(\.site)))
    // Taking a lock that readers share is a wait and a compare-exchange at one site.
    for step in steps where step.kind != .wait {
      let row = try #require(KVMArmSites.table.first { $0.site == step.site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
      switch row.object {
      case "mode[this]": #expect(step.object == RecordedObject("mode", step.pcpu.index))
      case "mode[other]": #expect(step.object == RecordedObject("mode", 1 - step.pcpu.index))
      case "everything", "page": #expect(step.detail.hasPrefix(row.object), "\(row.name)")
      case "-": #expect(step.object == nil, "\(row.name)")
      default: #expect(step.object?.name == row.object, "\(row.name)")
      }
    }
  }

  @Test func `rows are numbered from 1 without a gap, and no name stands twice`() {
    let table = KVMArmSites.table
    #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
    #expect(Set(table.map(\.name)).count == table.count)
  }
}

@Suite("KVM/arm VMIDs, two pCPUs at once") struct KVMArmInterleavingTests {
  /// VM 0 needs a number on both pCPUs, and pCPU 1 is faster. The numbers of both.
  private func bothNeedANumber<Rules: KVMArmRules>(_: Rules.Type) -> [UInt64] {
    let world = RecordedKVMArm<Rules>()
    var numbers: [UInt64] = []
    world.hardware.interrupt(before: KVMArmSites.slowLock) {
      numbers.append(world.pass(0, on: 1))
    }
    numbers.append(world.pass(0, on: 0))
    return numbers
  }

  @Test func `B36: who comes second to the lock takes another number`() {
    #expect(bothNeedANumber(KVMArm2012.self) == [1, 2])
    #expect(bothNeedANumber(KVMArmLockless.self) == [1, 1])
  }

  @Test func `B37K, B39: a generation that is published first lets the old number in`() {
    let early = KVMArmSites.publishVTTBR
    #expect(RecordedKVMArm<KVMArm2013>().lookDuringPublication(before: early) == (1, 2))
    #expect(RecordedKVMArm<KVMArm2018>().lookDuringPublication(before: early) == (1, 2))
    let right = RecordedKVMArm<KVMArmLockless>()
    #expect(right.lookDuringPublication(before: KVMArmSites.publishGeneration) == (nil, 2))
  }

  /// VM 0 is prepared on pCPU 0; then others roll over. Whether it may still enter.
  private func entersAfterRollover<Rules: KVMArmRules>(_: Rules.Type) -> Bool {
    let world = RecordedKVMArm<Rules>()
    world.pass(0, on: 0)
    world.prepare(0, on: 0)
    for vm in 1...3 { world.pass(vm, on: 1) }
    return world.mayEnter(0, on: 0)
  }

  @Test func `B41: without the last look a number of the old generation enters`() {
    #expect(entersAfterRollover(NoLastLook.self))
    #expect(!entersAfterRollover(KVMArmLockless.self))
  }

  @Test func `B43: the mark has no barrier behind it`() {
    func entry<Rules: KVMArmRules>(_: Rules.Type) -> [String] {
      let world = RecordedKVMArm<Rules>()
      return world.hardware.record { _ = world.mayEnter(0, on: 0) }.short
    }
    #expect(entry(MarkWithoutBarrier.self).prefix(2).last == "load relaxed generation[0]")
    #expect(entry(KVMArmAsking.self).prefix(2).last == "fence full")
  }

  @Test func `H05: interrupts are off while it waits for the lock`() {
    func interrupts<Rules: KVMArmRules>(_: Rules.Type) -> InterruptState? {
      let world = RecordedKVMArm<Rules>()
      var state: InterruptState?
      world.hardware.interrupt(before: KVMArmSites.slowLock) {
        state = world.hardware.interrupts(of: PCPU(0))
      }
      world.prepare(0, on: 0)
      #expect(world.hardware.interrupts(of: PCPU(0)) == .enabled)
      return state
    }
    #expect(interrupts(LockWithoutInterrupts.self) == .masked)
    #expect(interrupts(KVMArmLockless.self) == .enabled)
  }
}
