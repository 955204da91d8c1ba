// Programs in which hardware takes part, small enough for every order.

import Domain
import Exploration
import Machines

/// Two pCPUs with TLBs, two VMs with a page each.
enum HardwarePrograms {
  typealias Body = @Sendable (HardwareParts, ControlledMachine) -> Void

  /// What the bodies use.
  struct HardwareParts: Sendable {
    let tables: Bank<ControlledWord>
    let flag: ControlledWord
    let lock: Lock<ControlledWord>

    func enter(_ vm: Int, tag: UInt64, _ m: ControlledMachine) {
      m.install(
        GuestContext(
          table: Bank(first: tables[vm], stride: 1, count: 1), tag: Tag(tag), slot: VMSlot(vm),
          owner: VMIdentity(vm + 1)), at: Site(1))
    }

    func unmap(_ vm: Int, _ m: ControlledMachine) {
      m.store(
        tables[vm], TableEntry(frame: 0, version: 2, isValid: false).bits, .relaxed, at: Site(2))
    }
  }

  static func program(
    fills: Bool, threadsPerCore: Int = 1, hasDevices: Bool = false, encrypts: Bool = false,
    oracles: Set<OracleID> = [.o9], _ bodies: [Body]
  ) -> ControlledProgram {
    let memory = ControlledMemory(pcpuCount: bodies.count)
    let parts = HardwareParts(
      tables: memory.words(
        2, initially: TableEntry(frame: 1, version: 1, isValid: true).bits, .packed,
        named: "table"),
      flag: memory.word(initially: 0, named: "flag"), lock: memory.lock(named: "lock"))
    return ControlledProgram(
      memory: memory,
      hardware: ControlledProgram.Hardware(
        tagBits: 2, highestTag: 3, vmSlots: 2, vcpus: 2, pagesPerVM: 1, hasTLB: true,
        fillsUnasked: fills, threadsPerCore: threadsPerCore, hasDevices: hasDevices,
        tagsAreGlobal: true, encrypts: encrypts, oracles: oracles),
      bodies: bodies.map { body in ClosureBody { m in body(parts, m) } })
  }

  /// By name: what runs, and whether hardware fills unasked.
  static func named(_ name: String) -> ControlledProgram? { all[name]?() }

  /// Those of which source-DPOR says that it has not seen everything.
  static let beyondDPOR: Set<String> = [
    "a call", "a call to one with interrupts off", "two calls to one",
    "a context that stays live to the end", "a flush that nobody waits for",
  ]

  static let all: [String: @Sendable () -> ControlledProgram] = [
    "an entry and a flush": {
      program(
        fills: false,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            _ = m.translate(0, at: Site(3))
            m.clearContext(at: Site(4))
          },
          { p, m in
            m.invalidate(.everything, on: .everyPCPU, at: Site(5))
            m.waitForInvalidations(at: Site(6))
          },
        ])
    },
    "an entry with fills and a flush": {
      program(
        fills: true,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
          },
          { p, m in
            m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: Site(5))
            m.waitForInvalidations(at: Site(6))
          },
        ])
    },
    "two entries after each other, with fills and a flush": {
      program(
        fills: true,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
            p.enter(1, tag: 1, m)
            m.clearContext(at: Site(4))
          },
          { p, m in
            m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: Site(5))
            m.waitForInvalidations(at: Site(6))
          },
        ])
    },
    "two entries with fills": {
      program(
        fills: true,
        (0..<2).map { vm -> Body in
          { p, m in
            p.enter(vm, tag: 1, m)
            _ = m.translate(0, at: Site(3))
            m.clearContext(at: Site(4))
          }
        })
    },
    "two threads that share a TLB, with fills": {
      program(
        fills: true, threadsPerCore: 2,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
          },
          { p, m in
            p.enter(0, tag: 1, m)
            _ = m.translate(0, at: Site(3))
            m.clearContext(at: Site(4))
          },
        ])
    },
    "two threads that share a TLB, and a flush": {
      program(
        fills: true, threadsPerCore: 2,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
          },
          { p, m in
            m.invalidate(.everything, on: .thisPCPU, at: Site(5))
            m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: Site(5))
            m.waitForInvalidations(at: Site(6))
          },
        ])
    },
    "a context that another one replaces, with fills and a flush": {
      program(
        fills: true,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.leaveGuest(at: Site(4))
            p.enter(1, tag: 2, m)
            m.clearContext(at: Site(4))
          },
          { p, m in
            m.invalidate(.tag(Tag(1)), on: .everyPCPU, at: Site(5))
            m.waitForInvalidations(at: Site(6))
          },
        ])
    },
    "a device beside entries": {
      program(
        fills: false, hasDevices: true,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
            p.enter(1, tag: 2, m)
            m.clearContext(at: Site(4))
          },
          { p, m in
            m.attachDevice(to: VMSlot(0), owner: 1, tag: Tag(1), at: Site(13))
            _ = m.detachDevice(from: VMSlot(0), at: Site(14))
          },
        ])
    },
    "a page that goes, with fills": {
      program(
        fills: true,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
          }, { p, m in p.unmap(0, m) },
        ])
    },
    "a context that stays live to the end": {
      program(
        fills: true, [{ p, m in p.enter(0, tag: 1, m) }, { p, m in p.unmap(0, m) }])
    },
    "a flush that nobody waits for": {
      program(
        fills: false,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            _ = m.translate(0, at: Site(3))
          }, { p, m in m.invalidate(.everything, on: .everyPCPU, at: Site(5)) },
        ])
    },
    "two flushes": {
      program(
        fills: false,
        (0..<2).map { _ -> Body in
          { p, m in
            m.invalidate(.everything, on: .everyPCPU, at: Site(5))
            m.waitForInvalidations(at: Site(6))
          }
        })
    },
    "a call": {
      program(
        fills: false,
        [
          { p, m in
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
            if m.takeInterruption() { m.store(p.flag, 1, .relaxed, at: Site(7)) }
          },
          { p, m in
            m.call(PCPUSet(rawValue: 1), .leaveGuest, at: Site(8))
            m.waitForCalls(at: Site(9))
            _ = m.load(p.flag, .relaxed, at: Site(10))
          },
        ])
    },
    "two calls to one": {
      program(
        fills: false,
        [
          { p, m in m.store(p.flag, 1, .relaxed, at: Site(7)) },
          { p, m in
            m.call(PCPUSet(rawValue: 1), .leaveGuest, at: Site(8))
            m.waitForCalls(at: Site(9))
          },
          { p, m in
            m.call(PCPUSet(rawValue: 1), .leaveGuest, at: Site(8))
            m.waitForCalls(at: Site(9))
          },
        ])
    },
    "a call to one with interrupts off": {
      program(
        fills: false,
        [
          { p, m in
            m.store(p.flag, 1, .relaxed, at: Site(7))
            let state = m.maskInterrupts()
            m.store(p.flag, 2, .relaxed, at: Site(7))
            m.restoreInterrupts(state)
            m.store(p.flag, 3, .relaxed, at: Site(7))
          },
          { p, m in
            m.call(PCPUSet(rawValue: 1), .leaveGuest, at: Site(8))
            m.waitForCalls(at: Site(9))
            _ = m.load(p.flag, .relaxed, at: Site(10))
          },
        ])
    },
    "an oracle that speaks": {
      program(
        fills: false, oracles: [.o2, .o9],
        (0..<2).map { vm -> Body in
          { p, m in
            _ = m.load(p.flag, .relaxed, at: Site(10))
            p.enter(vm, tag: 1, m)
            m.clearContext(at: Site(4))
            m.store(p.flag, 1, .relaxed, at: Site(7))
          }
        })
    },
    "an oracle that speaks among fills": {
      program(
        fills: true, oracles: [.o2, .o3, .o9],
        (0..<2).map { vm -> Body in
          { p, m in
            p.enter(vm, tag: 1, m)
            m.clearContext(at: Site(4))
          }
        })
    },
    "a lock that looks at a guest": {
      program(
        fills: false,
        [
          { p, m in
            m.acquire(p.lock, at: Site(11))
            p.enter(0, tag: 1, m)
            m.clearContext(at: Site(4))
            m.release(p.lock, at: Site(12))
          },
          { p, m in
            m.acquire(p.lock, at: Site(11))
            _ = m.observeContext(of: PCPU(0))
            m.release(p.lock, at: Site(12))
          },
        ])
    },
    "a look before the first step": {
      program(
        fills: false,
        [
          { p, m in
            _ = m.observeContext(of: PCPU(1))
            _ = m.observeContext(of: PCPU(1))
            m.acquire(p.lock, at: Site(11))
            m.release(p.lock, at: Site(12))
          },
          { p, m in
            _ = m.observeContext(of: PCPU(0))
            m.acquire(p.lock, at: Site(11))
            m.release(p.lock, at: Site(12))
          },
          { p, m in
            m.acquire(p.lock, at: Site(11))
            m.release(p.lock, at: Site(12))
          },
        ])
    },
  ]
}
