// A reference program that other model checkers have counted: a VMID allocator of the new scheme in
// its smallest form, access for access, its oracle made of words and read by the program itself.

import Domain
import Exploration
import Machines

/// Three pCPUs, two usable numbers, one rollover. Every access is a schedule point.
struct ReferenceProgram: Sendable {
  private static let step: UInt64 = 16
  private static let mask: UInt64 = 15
  private let limit: Int
  private let pcpus = 3
  private let id: Bank<ControlledWord>
  private let generation: ControlledWord
  private let active: Bank<ControlledWord>
  private let runs: Bank<ControlledWord>
  private let lock: Lock<ControlledWord>
  private let reserved: Bank<ControlledCell>
  private let map: Bank<ControlledCell>
  private let next: ControlledCell
  private let storesInFastPath: Bool

  private init(_ memory: ControlledMemory, limit: Int, storesInFastPath: Bool) {
    self.limit = limit
    self.storesInFastPath = storesInFastPath
    id = memory.words(4, initially: 0, .packed, named: "id")
    generation = memory.word(initially: Self.step, named: "gen")
    active = memory.words(3, initially: Self.step, .packed, named: "active")
    runs = memory.words(3, initially: 0, .packed, named: "runs")
    lock = memory.lock(named: "lock")
    reserved = memory.cells(3, initially: 0, named: "reserved")
    map = memory.cells(limit, initially: 1, named: "map")
    next = memory.cell(initially: 1, named: "cur")
    memory.setupMachine.store(id[0], Self.step | 1, .relaxed, at: Site(0))
    memory.setupMachine.store(id[3], Self.step | 2, .relaxed, at: Site(0))
  }

  /// The program in which pCPUs 0 and 1 run VM 0 and pCPU 2 runs VM 1; without pCPU 1 if asked.
  static func program(hasPCPU1: Bool, storesInFastPath: Bool = false) -> ControlledProgram {
    let memory = ControlledMemory(pcpuCount: 3)
    let p = ReferenceProgram(memory, limit: 3, storesInFastPath: storesInFastPath)
    return ControlledProgram(
      memory: memory,
      bodies: [
        ClosureBody { m in p.run(0, 0, m) },
        ClosureBody { m in if hasPCPU1 { p.run(1, 0, m) } },
        ClosureBody { m in p.run(2, 1, m) },
      ])
  }

  private func load(_ word: ControlledWord, _ m: ControlledMachine) -> UInt64 {
    m.load(word, .sequentiallyConsistent, at: Site(1))
  }

  private func store(_ word: ControlledWord, _ value: UInt64, _ m: ControlledMachine) {
    m.store(word, value, .sequentiallyConsistent, at: Site(2))
  }

  private func find(from start: Int, _ m: ControlledMachine) -> Int {
    (start..<limit).first { m.read(map[$0]) == 0 } ?? limit
  }

  private func newID(_ vm: Int, _ m: ControlledMachine) -> UInt64 {
    let old = load(id[vm], m)
    var now = load(generation, m)
    if old != 0 {
      let new = now | (old & Self.mask)
      var hit = false
      for pcpu in 0..<pcpus where m.read(reserved[pcpu]) == old {
        hit = true
        m.write(reserved[pcpu], new)
      }
      if hit {
        store(id[vm], new, m)
        return new
      }
      if m.read(map[Int(old & Self.mask)]) == 0 {
        m.write(map[Int(old & Self.mask)], 1)
        store(id[vm], new, m)
        return new
      }
    }
    var number = find(from: Int(m.read(next)), m)
    if number == limit {
      now = m.add(generation, Self.step, .sequentiallyConsistent, at: Site(3))
      for number in 1..<limit { m.write(map[number], 0) }
      for pcpu in 0..<pcpus {
        var seen = m.exchange(active[pcpu], 0, .sequentiallyConsistent, at: Site(4))
        if seen == 0 { seen = m.read(reserved[pcpu]) }
        m.write(map[Int(seen & Self.mask)], 1)
        m.write(reserved[pcpu], seen)
      }
      number = find(from: 1, m)
      if number == limit { m.bug("no number", at: Site(5)) }
    }
    m.write(map[number], 1)
    m.write(next, UInt64(number))
    store(id[vm], now | UInt64(number), m)
    return now | UInt64(number)
  }

  private func update(_ pcpu: Int, _ vm: Int, _ m: ControlledMachine) {
    var value = load(id[vm], m)
    let old = load(active[pcpu], m)
    let matches = (value ^ load(generation, m)) & ~Self.mask == 0
    if storesInFastPath {
      if old != 0 && matches {
        store(active[pcpu], value, m)
        return
      }
    } else if old != 0, matches,
      m.compareExchange(
        active[pcpu], expected: old, desired: value, .sequentiallyConsistent,
        failure: .sequentiallyConsistent, at: Site(6)) == old
    {
      return
    }
    m.acquire(lock, at: Site(7))
    value = load(id[vm], m)
    if (value ^ load(generation, m)) & ~Self.mask != 0 { value = newID(vm, m) }
    store(active[pcpu], value, m)
    m.release(lock, at: Site(8))
  }

  private func run(_ pcpu: Int, _ vm: Int, _ m: ControlledMachine) {
    update(pcpu, vm, m)
    let number = load(id[vm], m) & Self.mask
    store(runs[pcpu], UInt64(vm + 1) << 8 | number, m)
    m.fence(.full, at: Site(9))
    for other in 0..<pcpus where other != pcpu {
      let seen = load(runs[other], m)
      if seen != 0, (seen >> 8 == UInt64(vm + 1)) != (seen & 255 == number) {
        m.bug("two VMs, one number", at: Site(10))
      }
    }
    store(runs[pcpu], 0, m)
    store(active[pcpu], Self.step, m)
  }
}
