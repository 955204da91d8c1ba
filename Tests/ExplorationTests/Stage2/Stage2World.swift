// The smallest tables with levels: two entries each, eight pages. What every test of stage 2 runs on.

import Domain
import Exploration
import Machines

/// Two VMs whose tables look alike:
///
///     root     0: table 0                          1: a block of pages 4-7
///     table 0  0: table 1   1: a block of pages 2-3
///     table 1  0: page 0    1: page 1
///
/// Table 2 is free. All of it is change 1.
struct Stage2World: Sendable {
  typealias Body = @Sendable (Stage2World, ControlledMachine) -> Void

  static let shape = TableShape(firstLevel: 1, rootBits: 1, bits: 1)
  static let span = Stage2Span(first: 0, pages: 1, level: 3)

  let roots: [Bank<ControlledWord>]
  let tables: [Bank<ControlledWord>]
  let flag: ControlledWord

  private init(in memory: ControlledMemory) {
    var roots: [Bank<ControlledWord>] = []
    var tables: [Bank<ControlledWord>] = []
    for vm in 0..<2 {
      memory.nowMaking("VM \(vm)")
      roots.append(memory.words(2, initially: 0, .packed, named: "root"))
      tables.append(memory.words(6, initially: 0, .packed, named: "table entry"))
    }
    memory.nowMaking("")
    self.roots = roots
    self.tables = tables
    flag = memory.word(initially: 0, named: "flag")
    for vm in 0..<2 {
      set(roots[vm][0], Stage2Entry(table: 0), memory.setupMachine)
      set(roots[vm][1], Self.leaf(4, vm: vm), memory.setupMachine)
      set(tables[vm][0], Stage2Entry(table: 1), memory.setupMachine)
      set(tables[vm][1], Self.leaf(2, vm: vm), memory.setupMachine)
      set(tables[vm][2], Self.leaf(0, vm: vm), memory.setupMachine)
      set(tables[vm][3], Self.leaf(1, vm: vm), memory.setupMachine)
    }
  }

  /// `pages`: how many of the pages guests touch.
  static func program(
    pages: Int = 8, fills: Bool = false, threadsPerCore: Int = 1,
    oracles: Set<OracleID> = OracleID.common.union([.o10, .o12, .o14]), _ bodies: [Body]
  ) -> ControlledProgram {
    let memory = ControlledMemory(pcpuCount: bodies.count)
    let world = Stage2World(in: memory)
    return ControlledProgram(
      memory: memory,
      hardware: ControlledProgram.Hardware(
        tagBits: 2, highestTag: 3, vmSlots: 2, vcpus: 4, pagesPerVM: pages, tables: shape,
        hasTLB: true, fillsUnasked: fills, threadsPerCore: threadsPerCore, tagsAreGlobal: true,
        oracles: oracles),
      bodies: bodies.map { body in ClosureBody { m in body(world, m) } })
  }

  static func leaf(
    _ frame: UInt64, vm: Int = 0, version: UInt64 = 1, isWritable: Bool = true
  ) -> Stage2Entry {
    Stage2Entry(frame: frame, of: VMSlot(vm), version: version, isWritable: isWritable)
  }

  // MARK: What bodies do

  func set(_ word: ControlledWord, _ entry: Stage2Entry, _ m: ControlledMachine) {
    m.store(word, entry.bits, .release, at: Site(2))
  }

  /// Writes entry `index` of the memory of VM 0's tables: two words a table.
  func set(_ index: Int, _ entry: Stage2Entry, _ m: ControlledMachine) {
    set(tables[0][index], entry, m)
  }

  func enter(_ m: ControlledMachine, vm: Int = 0, tag: UInt64 = 1, vcpu: UInt32 = 0) {
    m.install(
      GuestContext(
        table: roots[vm], tag: Tag(tag), slot: VMSlot(vm), owner: VMIdentity(vm + 1), vcpu: vcpu,
        tablePages: tables[vm]), at: Site(1))
  }

  /// A guest that touches these pages, one after the other.
  func run(_ m: ControlledMachine, _ pages: [UInt64], writes: Bool = false) {
    enter(m)
    for page in pages { touch(m, page, writes: writes) }
    m.clearContext(at: Site(4))
  }

  func touch(_ m: ControlledMachine, _ page: UInt64, writes: Bool = false) {
    _ = m.translate(page, writes: writes, at: Site(3))
  }

  func dropStage2(_ m: ControlledMachine, _ span: Stage2Span) {
    m.invalidate(.stage2(Tag(1), span), on: .everyPCPU, at: Site(5))
  }

  func dropStage1(_ m: ControlledMachine) {
    m.invalidate(.stage1(Tag(1)), on: .everyPCPU, at: Site(6))
  }

  func wait(_ m: ControlledMachine) { m.waitForInvalidations(at: Site(7)) }

  /// The whole of a flush, as it is right.
  func flush(
    _ m: ControlledMachine, _ span: Stage2Span, olderThan version: UInt64,
    _ right: Stage2Right = .use
  ) {
    dropStage2(m, span)
    wait(m)
    dropStage1(m)
    wait(m)
    m.stage2Flushed(VMSlot(0), span, olderThan: version, right)
  }
}

extension Stage2World {
  /// The verdicts of all schedules of `program`, one for each trace; nil if not all were searched.
  static func verdicts(_ program: ControlledProgram) -> Set<String>? {
    var names: Set<String> = []
    let search = SourceDPOR(traceCapacity: 1 << 16)
    let hasEnded = search.run(on: Engine(program)) { end in
      if case .violation(let violation) = end.outcome { names.insert(violation.name) }
      return true
    }
    return hasEnded && search.isComplete && !search.traces.hasOverflowed ? names : nil
  }

  /// What the translations of the only pCPU of a program came to.
  static func translations(_ body: @escaping Body) -> [TranslationStep] {
    let engine = Engine(program([body]))
    engine.run(RandomWalk(), Seed(1), records: true)
    return engine.trace().filter { $0.operation.kind == .translate }
      .map { TranslationStep(bits: $0.result) }
  }
}

extension TranslationStep {
  static let fault = TranslationStep(bits: 0)
  static func fill(_ level: Int, _ origin: Origin) -> TranslationStep {
    TranslationStep(outcome: 1, level: level, origin)
  }
  static func hit(_ level: Int) -> TranslationStep {
    TranslationStep(outcome: 2, level: level, .combinedEntry)
  }
}
