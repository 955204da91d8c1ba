// Stage-2 tables on a recording machine, and what they ought to map.

import Domain
import Machines
import RangeInvalidation
import TestSupport

@testable import Allocators

/// One VM with tables of 2 entries on levels 1 to 3: 8 pages, blocks of 2.
struct RecordedTables<Rules: Stage2Rules> {
  typealias Allocator = Stage2<RecordingMachine, Rules>

  static var tableCount: Int { 12 }

  let hardware: RecordingHardware
  let allocator: Allocator
  let vm: Allocator.VM
  /// Another VM; it is not begun.
  let other: Allocator.VM

  init(
    _ rules: Rules.Type = Rules.self, features: RangeFeatures = [.tlbiRange, .fwb],
    initially: TablePlan.Initially = .nothing, memslots: Int = 1, memoryBlocks: Int = 0
  ) {
    hardware = RecordingHardware(pcpuCount: 2)
    var configuration = AllocatorConfiguration(tagBits: 2, pcpuCount: 2)
    configuration.tables = TablePlan(
      shape: TableShape(firstLevel: 1, rootBits: 1, bits: 1), touchedPages: 8, blockLevel: 2,
      tables: Self.tableCount, unlinkedTables: 6, features: features, initially: initially,
      memslots: memslots, memoryBlocks: memoryBlocks)
    allocator = Allocator(configuration, in: hardware.memory)
    vm = allocator.makeVM(at: VMSlot(0), in: hardware.memory)
    other = allocator.makeVM(at: VMSlot(1), in: hardware.memory)
    allocator.prepare(on: machine)
    try? allocator.createVM(vm, on: machine)
    _ = allocator.prepareEntry((), of: vm, on: machine)
  }

  var machine: RecordingMachine { hardware.machine(0) }

  func fault(_ page: UInt64, writes: Bool) {
    allocator.serveFault(page, writes: writes, of: vm, on: machine)
  }

  func change(_ change: TableChange) { allocator.change(change, of: vm, on: machine) }

  // MARK: What stands in memory

  private func entry(_ word: RecordedWord) -> Stage2Entry {
    Stage2Entry(bits: hardware.memory.values[word.place])
  }

  /// What the tables map: for each page the frame and whether it may be written.
  var mappings: [Mapping?] { pages(of: allocator.parts.value.plan.shape, vm.root, 1, from: 0) }

  private func pages(
    of shape: TableShape, _ table: Bank<RecordedWord>, _ level: Int, from start: UInt64
  ) -> [Mapping?] {
    (0..<table.count).flatMap { index -> [Mapping?] in
      let entry = entry(table[index])
      let first = start + UInt64(index) * shape.pagesPerEntry(level)
      let count = Int(shape.pagesPerEntry(level))
      if entry.isTable {
        return pages(of: shape, allocator.pool.table(entry.number), level + 1, from: first)
      }
      guard entry.isLeaf else { return Array(repeating: nil, count: count) }
      return (0..<count).map {
        Mapping(frame: entry.number + UInt64($0), isWritable: entry.isWritable, level: level)
      }
    }
  }

  /// Tables that can be reached from the root.
  var linkedTables: Int { linked(vm.root) }

  private func linked(_ table: Bank<RecordedWord>) -> Int {
    (0..<table.count).reduce(0) { sum, index in
      let entry = entry(table[index])
      return sum + (entry.isTable ? 1 + linked(allocator.pool.table(entry.number)) : 0)
    }
  }

  /// The pages that are in the log of writes.
  var dirtyPages: [UInt64] {
    (0..<8).filter { hardware.memory.values[vm.dirty[0].place] >> $0 & 1 != 0 }
  }

  /// Whether so many blocks of memory are nobody's.
  func frees(memory: Int) -> Bool {
    hardware.memory.values[allocator.memory.freeCount.place] == UInt64(memory)
  }

  var freeTables: Int { Int(hardware.memory.values[allocator.pool.numbers.freeCount.place]) }
  /// Tables that were taken out; each is of pages here.
  var unlinkedTables: Int { Int(hardware.memory.values[vm.unlinkedCount.place]) }
}

/// What a page is mapped to.
struct Mapping: Equatable {
  let frame: UInt64
  let isWritable: Bool
  let level: Int
}

/// What the tables ought to map, written down without tables: 4 blocks of 2 pages.
struct ReferenceMappings {
  enum Block: Equatable {
    case nothing
    case block(isWritable: Bool)
    /// For each page whether it may be written; nil where there is none.
    case pages([Bool?])
  }

  var blocks = [Block](repeating: .nothing, count: 4)
  var isLogging = false
  var dirtyPages: Set<UInt64> = []

  mutating func fault(_ page: Int, writes: Bool) {
    let block = page / 2
    if isLogging, writes { dirtyPages.insert(UInt64(page)) }
    guard isLogging else {
      switch blocks[block] {
      case .block(let isWritable): blocks[block] = .block(isWritable: isWritable || writes)
      default: blocks[block] = .block(isWritable: true)
      }
      return
    }
    var pages: [Bool?] = [nil, nil]
    if case .pages(let there) = blocks[block] { pages = there }
    pages[page % 2] = (pages[page % 2] ?? false) || writes
    blocks[block] = .pages(pages)
  }

  mutating func apply(_ change: TableChange) {
    switch change {
    case .unmap(let first, let pages):
      forEachBlock(in: Int(first)..<Int(first + pages)) { block, gone in
        guard case .pages(var there) = block else { return block = .nothing }
        for page in gone { there[page] = nil }
        block = there == [nil, nil] ? .nothing : .pages(there)
      }
    case .protect(let first, let pages):
      if !isLogging { dirtyPages = Set(0..<8) }
      isLogging = true
      dirtyPages.subtract(first..<first + pages)
      forEachBlock(in: Int(first)..<Int(first + pages)) { block, protected in
        switch block {
        case .nothing: break
        case .block: block = .block(isWritable: false)
        case .pages(var there):
          for page in protected where there[page] != nil { there[page] = false }
          block = .pages(there)
        }
      }
    case .stopLogging: isLogging = false
    case .collapse(let page):
      isLogging = false
      fault(Int(page), writes: false)
    case .split(let page):
      if case .block(let isWritable) = blocks[Int(page) / 2] {
        blocks[Int(page) / 2] = .pages([isWritable, isWritable])
      }
    }
  }

  private mutating func forEachBlock(
    in pages: Range<Int>, _ body: (inout Block, _ pages: [Int]) -> Void
  ) {
    for block in blocks.indices {
      let inside = [0, 1].filter { pages.contains(block * 2 + $0) }
      if !inside.isEmpty { body(&blocks[block], inside) }
    }
  }

  var mappings: [Mapping?] {
    (0..<8).map { page in
      switch blocks[page / 2] {
      case .nothing: nil
      case .block(let isWritable):
        Mapping(frame: UInt64(page), isWritable: isWritable, level: 2)
      case .pages(let there):
        there[page % 2].map { Mapping(frame: UInt64(page), isWritable: $0, level: 3) }
      }
    }
  }
}
