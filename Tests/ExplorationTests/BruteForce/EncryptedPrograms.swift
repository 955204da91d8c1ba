// Programs in which caches hold lines under keys, small enough for every order.

import Domain
import Exploration
import Machines

enum EncryptedPrograms {
  static let all: [String: @Sendable () -> ControlledProgram] = [
    "lines, write-backs, a flush and a number that is handed out": {
      HardwarePrograms.program(
        fills: false, encrypts: true,
        [
          { p, m in
            run(p, m)
            m.writeBackCache(at: Site(20))
          },
          { p, m in
            m.writeBackCache(at: Site(20))
            _ = m.firmware(.flushFabric, Tag(0), at: Site(21))
            handOut(p, m)
          },
        ])
    },
    "a number that is handed out too early": {
      HardwarePrograms.program(
        fills: false, encrypts: true, oracles: [.o9, .o11],
        [
          { p, m in
            run(p, m)
            m.writeBackCache(at: Site(20))
            _ = m.firmware(.flushFabric, Tag(0), at: Site(21))
          }, { p, m in handOut(p, m) },
        ])
    },
    "an end between write-back and flush": {
      HardwarePrograms.program(
        fills: false, encrypts: true,
        [
          { p, m in _ = m.firmware(.deactivate, Tag(1), at: Site(22)) },
          { p, m in
            m.writeBackCache(at: Site(20))
            _ = m.firmware(.flushFabric, Tag(0), at: Site(21))
            if m.firmware(.activate, Tag(1), at: Site(23)) != .success {
              m.store(p.flag, 1, .relaxed, at: Site(24))
            }
          }, { p, m in m.writeBackCache(at: Site(20)) },
        ])
    },
    "somebody who finds no number": {
      HardwarePrograms.program(
        fills: false,
        [
          { p, m in handOut(p, m) },
          { p, m in
            m.acquire(p.lock, at: Site(11))
            m.noTagFound(from: Tag(1), through: Tag(1))
            m.release(p.lock, at: Site(12))
          },
        ])
    },
  ]

  private static func run(_ p: HardwarePrograms.HardwareParts, _ m: ControlledMachine) {
    p.enter(0, tag: 1, m)
    m.touchMemory(under: Tag(1))
    m.clearContext(at: Site(4))
  }

  private static func handOut(_ p: HardwarePrograms.HardwareParts, _ m: ControlledMachine) {
    m.acquire(p.lock, at: Site(11))
    m.tagAllocated(Tag(1))
    m.release(p.lock, at: Site(12))
  }
}
