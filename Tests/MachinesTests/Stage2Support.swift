// A small world of stage-2 tables on live hardware, whose entries a test writes itself.

import Domain
import Machines

/// Tables of 8 entries: a level-2 entry spans 8 pages, a level-1 entry 64. Must outlive its machines.
struct Stage2World {
  static let shape = TableShape(firstLevel: 1, rootBits: 2, bits: 3)

  let watcher = KeepingWatcher()
  let hardware: LiveHardware
  let roots: [Bank<LiveWord>]
  let tables: Bank<LiveWord>
  private let shape: TableShape

  init(
    pcpus: Int = 2, seed: UInt64 = 1, shape: TableShape = Stage2World.shape, pagesPerVM: Int = 128
  ) {
    self.shape = shape
    hardware = LiveHardware(
      pcpuCount: pcpus, tagBits: 4, tables: shape, vmSlots: 2, pagesPerVM: pagesPerVM,
      seed: Seed(seed), watcher: watcher)
    let memory = hardware.memory
    roots = (0..<2).map { _ in
      memory.words(1 << shape.rootBits, initially: 0, .packed, named: "root")
    }
    tables = memory.words(8 << shape.bits, initially: 0, .packed, named: "tables")
  }

  subscript(pcpu: Int) -> LiveMachine { hardware.machine(PCPU(pcpu)) }

  func context(_ tag: UInt64 = 3, of slot: Int = 0) -> GuestContext<LiveWord> {
    GuestContext(
      table: roots[slot], tag: Tag(tag), slot: VMSlot(slot), owner: VMIdentity(100 + slot),
      tablePages: tables)
  }

  /// Entry `index` of table `number`.
  func entry(_ number: Int, _ index: Int) -> LiveWord { tables[number << shape.bits + index] }

  func write(_ entry: Stage2Entry, to word: LiveWord) {
    self[0].store(word, entry.bits, .release, at: here)
  }

  /// VM 0: pages 0 to 7 through table 1, a block of pages 8 to 15, and one of pages 64 to 127, all of
  /// version 1. Everything else maps nothing.
  func mapAll() {
    write(Stage2Entry(table: 0), to: roots[0][0])
    write(.leaf(1), to: roots[0][1])
    write(Stage2Entry(table: 1), to: entry(0, 0))
    write(.leaf(1), to: entry(0, 1))
    for index in 0..<8 { write(.leaf(1), to: entry(1, index)) }
  }

  func count(_ counter: Counter, of pcpu: Int = 0) -> UInt64 {
    hardware.count(counter, of: PCPU(pcpu))
  }

  /// Words that a walk reads for `page` on `pcpu`, which does not have it in its TLB.
  func steps(_ page: UInt64, on pcpu: Int = 0) -> UInt64 {
    let before = count(.walkSteps, of: pcpu)
    _ = self[pcpu].translate(page, writes: false, at: here)
    return count(.walkSteps, of: pcpu) - before
  }
}

extension Stage2Entry {
  static func leaf(_ version: UInt64, of slot: Int = 0, writable: Bool = true) -> Stage2Entry {
    Stage2Entry(frame: 9, of: VMSlot(slot), version: version, isWritable: writable)
  }
}

extension LiveMachine {
  func read(_ page: UInt64) -> Translation { translate(page, writes: false, at: here) }
  func write(_ page: UInt64) -> Translation { translate(page, writes: true, at: here) }

  /// Drops, everywhere, what was made of stage 1 under the tag of `Stage2World.context`.
  func dropStage1() { drop(.stage1(Tag(3))) }

  /// Drops, everywhere, what is remembered of stage 2 for these pages under that tag.
  func dropStage2(_ first: UInt64, _ pages: UInt64, level: Int = 0) {
    drop(.stage2(Tag(3), Stage2Span(first: first, pages: pages, level: level)))
  }
}
