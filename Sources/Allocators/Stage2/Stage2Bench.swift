// One VM whose stage-2 tables are changed by the code under test, on the bare machine and by one thread:
// what `bench --range` counts.

import Domain
import Machines
import RangeInvalidation

/// The VM of such a run. Pages below `ownPages` are the guest's own: its stage-1 tables and its stacks,
/// mapped one by one whatever backs its memory.
public struct Stage2BenchPlan: Sendable, Equatable {
  /// Levels and widths; the root is at level 1.
  public var shape: TableShape
  /// The guest's own pages, from page 0 on.
  public var ownPages: Int
  /// Its memory, whole blocks of level 2.
  public var memory: PageRange
  /// The level at which memory is mapped: 2, or 3 for pages.
  public var blockLevel: Int
  /// What the CPUs can.
  public var features: RangeFeatures

  /// A plan of these parts.
  public init(
    shape: TableShape, ownPages: Int, memory: PageRange, blockLevel: Int, features: RangeFeatures
  ) {
    self.shape = shape
    self.ownPages = ownPages
    self.memory = memory
    self.blockLevel = blockLevel
    self.features = features
  }

  /// Blocks of level 2 that the memory has.
  var blocks: Int { Int(memory.count / shape.pagesPerEntry(2)) }

  /// Enough for pages everywhere.
  var tables: TablePlan {
    func tables(for pages: UInt64) -> Int {
      [1, 2].reduce(0) { sum, level in
        let span = shape.pagesPerEntry(level)
        return sum + Int((pages + span - 1) / span)
      }
    }
    return TablePlan(
      shape: shape, touchedPages: ownPages, blockLevel: blockLevel,
      tables: tables(for: memory.count) + tables(for: UInt64(ownPages)),
      unlinkedTables: blocks + 2, features: features, initially: .pages)
  }
}

/// What stands in a VM's tables.
public struct TableCensus: Sendable, Equatable {
  /// Entries of level 3 that map.
  public var pages: UInt64 = 0
  /// Entries of other levels that map.
  public var blocks: UInt64 = 0
  /// Tables, the root not among them.
  public var tables: UInt64 = 0

  /// An empty one.
  public init() {}

  /// All entries that map.
  public var leaves: UInt64 { pages + blocks }
}

/// The VM. Belongs to the thread that makes it.
public final class Stage2Bench {
  private typealias Tables = Stage2<LiveMachine, Stage2AsMerged>

  private let hardware: LiveHardware
  private let watcher: Stage2BenchWatcher
  private let m: LiveMachine
  private let stage2: Tables
  private let vm: Tables.VM

  /// The VM, its own pages mapped, its memory not.
  public init(_ plan: Stage2BenchPlan) {
    let watcher = Stage2BenchWatcher()
    // No guest runs, so nobody asks what was promised of pages: one is remembered.
    let hardware = LiveHardware(
      pcpuCount: 1, tagBits: 8, tables: plan.shape, vmSlots: 1, pagesPerVM: 1, seed: Seed(1),
      watcher: watcher)
    let configuration = AllocatorConfiguration(tagBits: 8, pcpuCount: 1, tables: plan.tables)
    self.hardware = hardware
    self.watcher = watcher
    m = hardware.machine(PCPU(0))
    stage2 = Tables(configuration, in: hardware.memory)
    vm = stage2.makeVM(in: hardware.memory)
    stage2.prepare(on: m)
    do {
      try stage2.createVM(vm, on: m)
    } catch {
      preconditionFailure("the only VM of all got no tables: \(error)")
    }
    // Its number; flushes are made under it.
    _ = stage2.prepareEntry((), of: vm, on: m)
    stage2.put((), of: vm, on: m)
    stage2.stopLogging(0, of: vm, on: m)
  }

  /// A guest asks for `count` pages from `first` on, `step` pages apart.
  public func fault(_ first: UInt64, count: UInt64, step: UInt64 = 1, writes: Bool) {
    var page = first
    for _ in 0..<count {
      stage2.serveFault(page, writes: writes, of: vm, on: m)
      page &+= step
    }
  }

  /// Write-protects pages, and logs what is written from then on. The VM has one memory slot.
  public func protect(_ range: PageRange) {
    stage2.protect(range.start, pages: range.count, of: vm, on: m)
  }

  /// No longer logs.
  public func stopLogging() { stage2.stopLogging(0, of: vm, on: m) }

  /// Takes pages away.
  public func unmap(_ range: PageRange) {
    stage2.unmap(range.start, pages: range.count, of: vm, on: m)
  }

  /// What the machine has counted.
  public var counts: Counts { hardware.counts() }

  /// Flushes that left pages out; 0 unless the code under test is wrong.
  public var underCovers: Int { watcher.underCovers }

  /// What stands in the tables.
  public func census() -> TableCensus {
    var census = TableCensus()
    add(vm.root, stage2.shape.firstLevel, to: &census)
    return census
  }

  private func add(_ table: Bank<LiveWord>, _ level: Int, to census: inout TableCensus) {
    for index in 0..<table.count {
      let entry = Stage2Entry(bits: m.observe(table[index]))
      if entry.isTable {
        census.tables += 1
        add(stage2.pool.table(entry.number), level + 1, to: &census)
      } else if entry.isLeaf {
        if level == 3 { census.pages += 1 } else { census.blocks += 1 }
      }
    }
  }
}

/// Counts what a right program never does. The one thread of the run calls it.
private final class Stage2BenchWatcher: MachineWatcher, @unchecked Sendable {
  var underCovers = 0

  func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID> { [] }
  func underCovered(_ evidence: UnderCoverEvidence) { underCovers += 1 }
  func bug(_ message: String, at site: Site, on pcpu: PCPU) { preconditionFailure(message) }
}
