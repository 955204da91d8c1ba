// Tables with levels: how large they are, and what the host does to them.

import Domain
import Machines
import RangeInvalidation

/// The tables of a run's VMs.
public struct TablePlan: Sendable, Equatable {
  /// What is mapped when a VM begins.
  public enum Initially: String, Sendable, CaseIterable { case nothing, pages, blocks }

  /// Levels and widths.
  public var shape: TableShape
  /// Pages of each VM that guests touch.
  public var touchedPages: Int
  /// The level of the blocks that faults map where nothing is logged.
  public var blockLevel: Int
  /// Table pages of all VMs together, roots apart.
  public var tables: Int
  /// Tables of one VM that may wait to be freed.
  public var unlinkedTables: Int
  /// What the CPUs can.
  public var features: RangeFeatures
  /// What is mapped when a VM begins.
  public var initially: Initially
  /// Memory slots of a VM, each logged by itself.
  public var memslots: Int
  /// Blocks of memory of all VMs together; 0: each VM has memory of its own for all of its pages.
  public var memoryBlocks: Int

  /// A plan of these parts.
  public init(
    shape: TableShape, touchedPages: Int, blockLevel: Int, tables: Int, unlinkedTables: Int,
    features: RangeFeatures, initially: Initially, memslots: Int = 1, memoryBlocks: Int = 0
  ) {
    self.shape = shape
    self.touchedPages = touchedPages
    self.blockLevel = blockLevel
    self.tables = tables
    self.unlinkedTables = unlinkedTables
    self.features = features
    self.initially = initially
    self.memslots = memslots
    self.memoryBlocks = memoryBlocks
  }

  /// For whoever asks an allocator for its sites or traits only.
  static var smallest: TablePlan {
    TablePlan(
      shape: TableShape(firstLevel: 2, rootBits: 1, bits: 1), touchedPages: 1, blockLevel: 3,
      tables: 1, unlinkedTables: 1, features: [], initially: .nothing)
  }
}

/// Where a walk of the hardware begins, and where the tables below are.
public struct Stage2Root<Word: Handle>: Sendable {
  /// The root's entries.
  public let table: Bank<Word>
  /// See `GuestContext.tablePages`.
  public let pages: Bank<Word>
}

/// What the host does to a VM's tables. Pages are of the VM's address space.
public enum TableChange: Sendable, Equatable, BitwiseCopyable {
  /// Takes memory back, as an MMU notifier does.
  case unmap(first: UInt64, pages: UInt64)
  /// Takes pages out of the log of what guests write, and write-protects them. Logging begins where it has not.
  case protect(first: UInt64, pages: UInt64)
  /// No longer logs in the page's memory slot: faults may map blocks where pages are.
  case stopLogging(page: UInt64)
  /// Maps the page's block anew, as a fault of a guest does when nothing is logged any more.
  case collapse(page: UInt64)
  /// Makes pages of the page's block.
  case split(page: UInt64)
}
