// KVM's ASIDs for SVM and its VPIDs, step by step: when a vCPU flushes, and when it need not.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("Static ASIDs") struct SVMStaticTests {
  private typealias World<Rules: SVMStaticRules> = RecordedVCPUs<SVMStatic<RecordingMachine, Rules>>
  private typealias Right = World<SVMStaticAsPosted>

  private let flushOf2 = ["tag 2 on thisPCPU"]

  @Test func `an entry where nothing has changed: one exchange at load, two looks`() {
    let world = Right()
    world.run(0, on: 1)
    let steps = world.hardware.record { world.run(0, on: 1) }
    #expect(
      steps.short == [
        "exchange relaxed last vCPU[6]", "load relaxed requests[0]", "load relaxed requests[0]",
      ])
  }

  @Test func `a VM's vCPUs share its number, the next VM has the next, the third the fallback`() {
    let world = Right(vms: 3)
    #expect([world.run(0, 0, on: 0), world.run(0, 1, on: 1), world.run(1, on: 0)] == [2, 2, 3])
    #expect(world.run(2, on: 0) == 1)
  }

  @Test func `the first run flushes, and so does the first one behind another pCPU's`() {
    let world = Right()
    #expect(world.flushes { world.run(0, on: 0) } == flushOf2)
    #expect(world.flushes { world.run(0, on: 0) }.isEmpty)
    #expect(world.flushes { world.run(0, on: 1) } == flushOf2)
    #expect(world.flushes { world.run(0, on: 0) } == flushOf2)
  }

  @Test func `a vCPU flushes where a sibling ran last, and only there`() {
    let world = Right()
    world.run(0, 0, on: 0)
    world.run(0, 1, on: 0)
    #expect(world.flushes { world.run(0, 0, on: 0) } == flushOf2)
    #expect(world.flushes { world.run(0, 0, on: 0) }.isEmpty)
    #expect(world.flushes { world.run(1, on: 0) } == ["tag 3 on thisPCPU"], "its first run")
    #expect(world.flushes { world.run(0, 0, on: 0) }.isEmpty)
  }

  @Test func `every run under the fallback flushes`() {
    let world = Right(usableTags: 1)
    world.run(0, on: 0)
    world.load(0, 0, on: 0)
    for _ in 0..<2 {
      #expect(world.flushes { world.enter(0, 0, on: 0) } == ["tag 1 on thisPCPU"])
    }
  }

  @Test func `an unmap raises a request for each vCPU, calls all others, and waits`() {
    let world = Right()
    let steps = world.hardware.record { world.unmap(0, on: 1) }
    #expect(
      steps.short == [
        "or fullyOrdered requests[0]", "or fullyOrdered requests[1]", "call", "waitForCalls",
      ])
    #expect(steps.first { $0.kind == .call }?.input == [3, CallRequest.leaveGuest.rawValue])
  }

  @Test func `a request is taken before the entry, and stops one that is prepared already`() {
    let world = Right()
    world.run(0, on: 0)
    world.load(0, 0, on: 0)
    world.prepare(0, 0, on: 0)
    world.unmap(0, on: 1)
    #expect(!world.mayEnter(0, 0, on: 0))
    world.abort(0, 0, on: 0)
    let steps = world.hardware.record { world.enter(0, 0, on: 0) }
    #expect(
      steps.short == [
        "load relaxed requests[0]", "exchange fullyOrdered requests[0]",
        "load relaxed requests[0]", "invalidate tag 2 on thisPCPU",
      ])
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
  }

  @Test func `an aborted entry keeps the flush that its request was taken for`() {
    let world = Right()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.load(0, 0, on: 0)
    world.prepare(0, 0, on: 0)
    world.abort(0, 0, on: 0)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == flushOf2)
  }

  @Test func `without FLUSHBYASID everything goes`() {
    let world = World<SVMStaticWithoutFlushByASID>()
    #expect(world.flushes { world.run(0, on: 0) } == ["everything on thisPCPU"])
  }

  @Test func `a VM's end takes its number out of all maps before it is free`() {
    let world = Right()
    for pcpu in 0..<2 { world.run(0, on: pcpu) }
    let steps = world.hardware.record {
      world.allocator.destroyVM(world.vms[0], on: world.hardware.machine(0))
    }
    #expect(
      steps.short == [
        "store relaxed last vCPU[2]", "store relaxed last vCPU[6]", "acquire acquire lock[0]",
        "release release lock[0]",
      ])
  }

  @Test func `a new VM gets the dead one's number and addresses, and flushes`() {
    let world = Right()
    world.run(0, on: 0)
    world.recreate(0)
    #expect(world.slice(0, on: 0) == (2, flushOf2))
    #expect(world.hardware.memory.values(of: "addresses") == [4], "as before")
  }

  @Test func `the fallback is never freed`() {
    let world = Right(usableTags: 2)
    #expect(world.run(1, on: 0) == 1)
    world.recreate(1)
    #expect(world.run(1, on: 0) == 1)
    world.recreate(0)
    #expect(world.run(0, on: 0) == 2)
  }

  @Test func `with one number for each vCPU nobody is tracked, and siblings need no flush`() {
    let world = World<SVMPerVCPU>(vms: 1)
    #expect([world.run(0, 0, on: 0), world.run(0, 1, on: 0)] == [2, 3])
    #expect(world.flushes { world.run(0, 0, on: 0) }.isEmpty)
    let steps = world.hardware.record { world.load(0, 0, on: 0) }
    #expect(steps.short.isEmpty)
    world.recreate(0)
    #expect([world.run(0, 0, on: 0), world.run(0, 1, on: 0)] == [2, 3], "both were freed")
  }

  // MARK: Faults

  @Test func `B38: a new vCPU where a dead one lay does not flush`() {
    let world = World<DeadVCPUsStayInMaps>()
    world.run(0, on: 0)
    world.recreate(0)
    #expect(world.flushes { world.run(0, on: 0) }.isEmpty)
  }

  @Test func `B48: a vCPU that was elsewhere does not flush`() {
    let world = World<ArrivalWithoutFlush>()
    for pcpu in 0..<2 { world.run(0, on: pcpu) }
    #expect(world.flushes { world.run(0, on: 0) }.isEmpty)
  }

  @Test func `B49: a sibling does not flush`() {
    let world = World<SiblingWithoutFlush>()
    for vcpu in 0..<2 { world.run(0, vcpu, on: 0) }
    #expect(world.flushes { world.run(0, 0, on: 0) }.isEmpty)
  }

  @Test func `B51: the fallback is not flushed`() {
    let world = World<FallbackWithoutFlush>(usableTags: 1)
    for vm in 0..<2 { world.run(vm, on: 0) }
    #expect(world.slice(0, on: 0) == (1, []))
  }

  @Test func `B52: the fallback is freed, and the next VM has it for its own`() {
    let world = World<FallbackFreed>(usableTags: 1)
    world.recreate(0)
    #expect(world.hardware.memory.values(of: "taken") == [0b11], "taken again")
    world.allocator.destroyVM(world.vms[0], on: world.hardware.machine(0))
    #expect(world.hardware.memory.values(of: "taken") == [0b01])
  }

  @Test func `B53: a request flushes nothing`() {
    let world = World<FlushDropped>()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    #expect(world.flushes { world.run(0, on: 0) }.isEmpty)
  }

  // MARK: The site table

  @Test func `every row is reached, and says what is done`() throws {
    let world = Right()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.run(0, on: 0)
    let coarse = World<SVMStaticWithoutFlushByASID>()
    coarse.run(0, on: 0)
    world.recreate(0)
    try expectTable(SVMStaticSites.table, world.hardware.steps + coarse.hardware.steps)
  }
}

@Suite("Dynamic ASIDs") struct SVMDynamicTests {
  private typealias World<Rules: SVMDynamicRules> = RecordedVCPUs<
    SVMDynamic<RecordingMachine, Rules>
  >
  private typealias Right = World<SVMDynamicAsMerged>

  @Test func `an entry where nothing has changed: two looks`() {
    let world = Right()
    world.run(0, on: 1)
    let steps = world.hardware.record { world.run(0, on: 1) }
    #expect(steps.short == ["load relaxed requests[0]", "load relaxed requests[0]"])
    #expect(world.prepare(0, 0, on: 1).tookFastPath)
    #expect(!world.prepare(0, 0, on: 0).tookFastPath)
  }

  @Test func `each pCPU counts from 1, and starts over with a flush of all it has`() {
    let world = Right()
    let everything = ["everything on thisPCPU"]
    #expect(world.slice(0, 0, on: 0) == (1, everything))
    #expect(world.slice(0, 1, on: 0) == (2, []))
    #expect(world.slice(1, 0, on: 1) == (1, everything))
    #expect(world.run(1, 0, on: 0) == 3)
    #expect(world.slice(1, 1, on: 0) == (1, everything))
    #expect(world.run(0, 0, on: 0) == 2, "its number was of the last generation")
    #expect(world.hardware.counts[.rollovers] == 3)
  }

  @Test func `a vCPU that was elsewhere gets a new number, and a new VM does`() {
    let world = Right()
    #expect([world.run(0, on: 0), world.run(0, on: 1), world.run(0, on: 0)] == [1, 1, 2])
    world.recreate(0)
    #expect(world.run(0, on: 0) == 3)
  }

  @Test func `a request flushes the number, also behind an aborted entry`() {
    let world = Right()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.load(0, 0, on: 0)
    world.prepare(0, 0, on: 0)
    world.abort(0, 0, on: 0)
    #expect(world.flushes { world.enter(0, 0, on: 0) } == ["tag 1 on thisPCPU"])
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
  }

  @Test func `without FLUSHBYASID a request is a new number`() {
    let world = World<SVMDynamicWithoutFlushByASID>()
    #expect(world.run(0, on: 0) == 1)
    world.unmap(0, on: 1)
    #expect(world.slice(0, on: 0) == (2, []))
  }

  @Test func `B62: an aborted entry forgets the flush`() {
    let world = World<AbortedEntryForgetsFlush>()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.load(0, 0, on: 0)
    world.prepare(0, 0, on: 0)
    world.abort(0, 0, on: 0)
    #expect(world.flushes { world.enter(0, 0, on: 0) }.isEmpty)
  }

  @Test func `every row is reached, and says what is done`() throws {
    let world = Right()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.run(0, on: 0)
    try expectTable(SVMDynamicSites.table, world.hardware.steps)
  }
}

@Suite("VPIDs") struct VMXVPIDTests {
  private typealias World<Rules: VMXVPIDRules> = RecordedVCPUs<VMXVPID<RecordingMachine, Rules>>
  private typealias Right = World<VMXVPIDAsMerged>

  @Test func `each vCPU has its own, and flushes where it was not last`() {
    let world = Right()
    #expect(world.slice(0, 0, on: 0) == (1, ["tag 1 on thisPCPU"]))
    #expect(world.slice(0, 0, on: 0) == (1, []))
    #expect(world.slice(0, 0, on: 1) == (1, ["tag 1 on thisPCPU"]))
    #expect([world.run(0, 1, on: 0), world.run(1, 0, on: 0)] == [2, 3])
  }

  @Test func `an entry where nothing has changed: two looks`() {
    let world = Right()
    world.run(0, on: 1)
    let steps = world.hardware.record { world.run(0, on: 1) }
    #expect(steps.short == ["load relaxed requests[0]", "load relaxed requests[0]"])
  }

  @Test func `a vCPU for which there was none flushes at each entry, and frees nothing`() {
    let world = Right(usableTags: 1)
    #expect(world.run(0, 0, on: 0) == 1)
    #expect(world.run(1, 0, on: 0) == 0)
    #expect(world.prepare(1, 0, on: 0).flush == .thisTag)
    #expect(world.prepare(0, 0, on: 0).flush == .nothing)
    world.recreate(1)
    #expect(world.run(1, 0, on: 0) == 0)
  }

  @Test func `B70: it runs under 0 as if that were a tag`() {
    let world = World<NoVPIDIsATag>(usableTags: 1)
    #expect(world.run(1, 0, on: 0) == 0)
    #expect(world.prepare(1, 0, on: 0).flush == .nothing)
  }

  @Test func `every row is reached, and says what is done`() throws {
    let world = Right()
    world.run(0, on: 0)
    world.unmap(0, on: 1)
    world.run(0, on: 0)
    world.recreate(0)
    try expectTable(VMXVPIDSites.table, world.hardware.steps)
  }
}

/// Every row of `table` is reached by `steps`, and says what is done there; rows are numbered from 1.
func expectTable(_ table: [SiteDescription], _ steps: [RecordedStep]) throws {
  let steps = steps.filter { $0.site != nil }
  #expect(Set(steps.compactMap(\.site)) == Set(table.map(\.site)))
  #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
  #expect(Set(table.map(\.name)).count == table.count)
  for step in steps {
    let row = try #require(table.first { $0.site == step.site })
    #expect(step.kind.rawValue == row.operation, "\(row.name)")
    #expect(step.order == row.ordering, "\(row.name)")
    if let object = step.object {
      #expect(row.object.split(separator: "[").first.map(String.init) == object.name)
    } else if step.kind == .invalidate {
      #expect(step.detail.hasPrefix(row.object), "\(row.name)")
    } else {
      #expect(row.object == "-", "\(row.name)")
    }
  }
}
