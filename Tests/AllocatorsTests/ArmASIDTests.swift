// The ASID allocator of arm64 and its relatives: steps, orderings, and what each fault breaks.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("ASIDs, step by step") struct ArmASIDStepTests {
  private let look = ["load relaxed active[0]", "load relaxed generation[0]"]

  private func underLock(_ vm: Int, on pcpu: Int, _ steps: [String] = []) -> [String] {
    ["maskInterrupts", "acquire acquire lock[0]"]
      + ["load relaxed id[\(vm)]", "load relaxed generation[0]"] + steps
      + ["store relaxed active[\(pcpu)]", "release release lock[0]", "restoreInterrupts enabled"]
  }

  private let ownFlush = ["invalidate everything on thisPCPU", "waitForInvalidations"]

  @Test func `a switch decides once, by three loads and a compare-exchange`() {
    let world = RecordedASIDs<Arm64ASID>()
    world.pass(0, on: 0)
    let steps = world.hardware.record { world.load(0, on: 0) }
    #expect(steps.short == ["load relaxed id[0]"] + look + ["compareExchange relaxed active[0]"])
    let entries = world.hardware.record {
      for _ in 0..<2 { #expect(world.prepare(0, on: 0).tookFastPath) }
    }
    #expect(entries.short.isEmpty)
    #expect(
      world.hardware.record { _ = world.lateNumber(0, on: 0) }.short == ["load relaxed id[0]"])
  }

  @Test func `who is switched out stays active`() {
    let world = RecordedASIDs<Arm64ASID>()
    world.pass(0, on: 0)
    #expect(world.hardware.record { world.put(0, on: 0) }.short.isEmpty)
    #expect(world.active == [world.id(of: 0), 0])
  }

  @Test func `an empty slot goes to the lock, and is not written before`() {
    let world = RecordedASIDs<Arm64ASID>()
    world.pass(0, on: 0)
    let steps = world.hardware.record { world.load(0, on: 1) }
    #expect(
      steps.short == ["load relaxed id[0]", "load relaxed active[1]"] + underLock(0, on: 1))
    #expect(!world.prepare(0, on: 1).tookFastPath)
    #expect(world.prepare(0, on: 1).tookFastPath, "the lock was for the switch, not for each entry")
  }

  @Test func `a rollover bumps, scans, and flushes nothing but its own pCPU, under the lock`() {
    let world = RecordedASIDs<Arm64ASID>()
    for vm in 0..<3 { world.pass(vm, on: 0) }
    let steps = world.hardware.record { world.load(3, on: 0) }
    let rollover =
      ["load relaxed id[3]", "load relaxed generation[0]", "add relaxed generation[0]"]
      + ["exchange relaxed active[0]", "exchange relaxed active[1]", "store relaxed id[3]"]
    #expect(
      steps.short
        == ["load relaxed id[3]"] + look + underLock(3, on: 0, rollover + ownFlush))
    #expect(world.mustFlush == [0, 1])
    #expect(world.generation == 2)
    #expect(world.id(of: 3) == 2 << 2 | 1, "3 is reserved, 1 and 2 are free")
  }

  @Test func `the other pCPU flushes when it takes the lock, once`() {
    let world = RecordedASIDs<Arm64ASID>()
    world.pass(0, on: 1)
    for vm in [1, 2, 3] { world.pass(vm, on: 0) }
    let steps = world.hardware.record { world.load(0, on: 1) }
    #expect(
      steps.short
        == ["load relaxed id[0]", "load relaxed active[1]"]
        + underLock(
          0, on: 1,
          ["load relaxed id[0]", "load relaxed generation[0]", "store relaxed id[0]"] + ownFlush))
    #expect(world.id(of: 0) == 2 << 2 | 1, "it was active: it keeps its number")
    #expect(world.hardware.record { world.load(0, on: 1) }.short.count == 4)
  }

  @Test func `RISC-V flushes with the entry, behind the registers, until one is made`() {
    let world = RecordedASIDs<RISCVASID>()
    world.pass(0, on: 1)
    for vm in [1, 2, 3] { world.pass(vm, on: 0) }
    let steps = world.hardware.record { world.load(0, on: 1) }
    #expect(!steps.short.contains(ownFlush[0]))
    for _ in 0..<2 { #expect(world.prepare(0, on: 1).flush == .everythingOnceInstalled) }
    let late = world.hardware.record { #expect(world.lateNumber(0, on: 1) == 1) }
    #expect(late.short.isEmpty)
    world.exit(0, on: 1)
    #expect(world.prepare(0, on: 1).flush == .nothing)
    #expect(world.numbersInUse & 1 == 1)
  }

  @Test func `VMIDs with pins decide at each entry, mark who has left, and flush at once`() {
    let world = RecordedASIDs<Arm64VMIDPinned>()
    #expect(world.hardware.record { world.load(0, on: 0) }.short.isEmpty)
    for vm in 0..<3 { world.pass(vm, on: 0) }
    #expect(world.active == [1 << 2, 0])
    let steps = world.hardware.record { #expect(world.prepare(3, on: 0).tag == Tag(1)) }.short
    let flush = ["invalidate everything on everyPCPU", "waitForInvalidations"]
    let place = steps.firstIndex(of: flush[0])
    #expect(place.map { Array(steps[$0...($0 + 2)]) } == flush + ["store relaxed id[3]"])
    #expect(world.mustFlush == [0, 0])
  }

  @Test func `a new process in an old one's place needs a number`() {
    let world = RecordedASIDs<Arm64ASID>()
    world.pass(0, on: 0)
    world.recreate(0)
    #expect(world.pass(0, on: 0) == 2)
  }
}

@Suite("ASIDs, pinned") struct ArmASIDPinTests {
  @Test func `a pinned number outlives rollovers, an unpinned one the next no longer`() {
    let world = RecordedASIDs<Arm64ASIDPinned>(tagBits: 3, usableTags: 4)
    #expect(world.pin(0) == 1)
    for vm in [1, 2, 3, 4, 5, 1, 2] { #expect(world.pass(vm, on: 0) != 1) }
    #expect(world.generation > 1)
    #expect(world.pass(0, on: 1) == 1)
    world.unpin(0)
    #expect(world.pinned == 0)
    let later = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2].map { world.pass($0, on: 1) }
    #expect(later.contains(1))
  }

  @Test func `pins count, and the last one counts`() {
    let world = RecordedASIDs<Arm64ASIDPinned>(tagBits: 3, usableTags: 4)
    #expect(world.pin(0) == 1)
    #expect(world.pin(0) == 1)
    world.unpin(0)
    #expect(world.pinned == 2)
    world.unpin(0)
    #expect(world.pinned == 0)
  }

  @Test func `one number is left for each pCPU and one to hand out`() {
    let world = RecordedASIDs<Arm64ASIDPinned>(tagBits: 3, usableTags: 5)
    #expect((0..<4).map { world.pin($0) } == [1, 2, 0, 0])
    #expect(world.id(of: 2) == 0, "a refused pin takes no number")
    world.unpin(0)
    #expect(world.pin(2) == 3)
    #expect(RecordedASIDs<Arm64ASIDPinned>(tagBits: 2).pin(0) == 0)
  }

  @Test func `who cannot pin says so`() {
    #expect(RecordedASIDs<Arm64ASID>(tagBits: 4).pin(0) == 0)
  }

  @Test func `B15: an unpinned VM, whose id was not stored, gets a second number`() {
    func numbers<Rules: ArmASIDRules>(_ rules: Rules.Type) -> [UInt64] {
      let world = RecordedASIDs(rules, tagBits: 3, usableTags: 4)
      world.pass(0, on: 0)
      _ = world.pin(0)
      for vm in [1, 2, 3, 4] { world.pass(vm, on: 1) }
      let first = world.prepare(0, on: 0).tag.number
      world.unpin(0)
      return [first, world.prepare(0, on: 1).tag.number]
    }
    #expect(numbers(Arm64VMIDPinned.self) == [1, 1])
    let wrong = numbers(PinnedIDNotStored.self)
    #expect(wrong[0] != wrong[1])
  }

  @Test func `B16: with a number reserved for each pCPU none is left`() async {
    func fill<Rules: ArmASIDRules>(_ rules: Rules.Type) {
      let world = RecordedASIDs(rules, tagBits: 3, usableTags: 4)
      for vm in 0..<3 { _ = world.pin(vm) }
      world.pass(3, on: 0)
      world.pass(4, on: 1)
      world.pass(5, on: 1)
    }
    fill(Arm64ASIDPinned.self)
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let world = RecordedASIDs<TooManyPins>(tagBits: 3, usableTags: 4)
      for vm in 0..<3 { _ = world.pin(vm) }
      world.pass(3, on: 0)
      world.pass(4, on: 1)
    }
    let lastWords = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(lastWords.contains("no free number after a rollover"))
  }
}

@Suite("ASIDs, two pCPUs at once") struct ArmASIDInterleavingTests {
  /// pCPU 0 switches to process 0 while pCPU 1 rolls over. Returns what its slot holds while it waits
  /// for the lock.
  private func slotAtTheLock<Rules: ArmASIDRules>(_ rules: Rules.Type, before site: Site) -> UInt64
  {
    let world = RecordedASIDs(rules)
    for vm in [0, 1] { world.pass(vm, on: 0) }
    var slot: UInt64 = 0
    world.hardware.interrupt(before: site) {
      for vm in [2, 3] { world.pass(vm, on: 1) }
      world.hardware.interrupt(before: ArmASIDSites.slowLock) { slot = world.active[0] }
    }
    world.load(0, on: 0)
    return slot
  }

  @Test func `B03: the exchange leaves an id that nobody runs with, the compare-exchange a 0`() {
    #expect(slotAtTheLock(Arm64ASID.self, before: ArmASIDSites.fastClaim) == 0)
    #expect(slotAtTheLock(Arm32ASID.self, before: ArmASIDSites.fastExchange) == 1 << 2 | 1)
    #expect(
      slotAtTheLock(Arm64ASIDBeforeFix.self, before: ArmASIDSites.fastExchangeRelaxed)
        == 1 << 2 | 1)
  }

  @Test func `B06A: two rollovers forget who has not switched`() {
    func reserved<Rules: ArmASIDRules>(_ rules: Rules.Type) -> UInt64 {
      let world = RecordedASIDs(rules)
      world.pass(0, on: 0)
      for vm in 1...5 { world.pass(vm, on: 1) }
      return world.reserved[0]
    }
    #expect(reserved(Arm64ASID.self) == 1 << 2 | 1)
    #expect(reserved(ReservedForgottenAtSwitch.self) == 0)
  }

  @Test func `B33: fills of the old context are possible with shared TLBs only where it is wrong`()
  {
    #expect(ArmASID<RecordingMachine, Arm64ASIDCnP>.contextLife == .untilSwitch)
    #expect(ArmASID<RecordingMachine, NoNeutralContext>.contextLife == .untilReplaced)
    #expect(NoNeutralContext.traits.mayShareTLB && !Arm64ASID.traits.mayShareTLB)
  }
}

@Suite("ASIDs, the site table") struct ArmASIDSiteTests {
  /// All that the family does, each version in a world where every branch is taken.
  private func everything() -> [RecordedStep] {
    steps(Arm64ASIDPinned.self) + steps(Arm32ASID.self) + steps(Arm64ASIDBeforeFix.self)
      + steps(RISCVASID.self) + steps(Arm64VMIDPinned.self)
  }

  private func steps<Rules: ArmASIDRules>(_ rules: Rules.Type) -> [RecordedStep] {
    let world = RecordedASIDs(rules, tagBits: 3, usableTags: 4)
    world.recreate(0)
    if rules.traits.canPin {
      _ = world.pin(0)
      world.unpin(0)
    }
    for vm in [0, 0, 1, 2, 3, 4, 5, 0] { world.pass(vm, on: 0) }
    world.allocator.flush(page: 3, of: world.vms[0], on: world.hardware.machine(0))
    return world.hardware.steps
  }

  @Test func `every row but the BUG is reached by some version`() {
    let rows = Set(ArmASIDSites.table.map(\.site)).subtracting([ArmASIDSites.noFreeNumber])
    #expect(Set(everything().compactMap(\.site)) == rows)
  }

  @Test func `operation, ordering and object are those of the row`() throws {
    for step in everything() {
      guard let site = step.site else { continue }
      let row = try #require(ArmASIDSites.table.first { $0.site == site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
      switch row.object {
      case "vm.id": #expect(step.object?.name == "id", "\(row.name)")
      case "active[this]":
        #expect(step.object == RecordedObject("active", step.pcpu.index), "\(row.name)")
      case "active[each]": #expect(step.object?.name == "active", "\(row.name)")
      case "generation", "lock": #expect(step.object?.name == row.object, "\(row.name)")
      case "everything", "page": #expect(step.detail.hasPrefix(row.object), "\(row.name)")
      default: #expect(row.object == "-" && step.object == nil, "\(row.name)")
      }
    }
  }

  @Test func `rows are numbered from 1 without a gap, and no name stands twice`() {
    let table = ArmASIDSites.table
    #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
    #expect(Set(table.map(\.name)).count == table.count)
  }
}
