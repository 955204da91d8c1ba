// What the controlled machine and the engine behind it share: the ways in, and what both look at.

import Domain

/// The way into an engine: the machine that called, the packed operation, two operands; returns the
/// operation's result.
public typealias ControlledCall =
  @convention(c) (UnsafeMutableRawPointer, UInt64, UInt64, UInt64) -> UInt64

/// The way in for plain memory, which is no schedule point and of which there is much: the machine
/// that called, the cell's number, the value to write; returns the value read.
public typealias CellCall = @convention(c) (UnsafeMutableRawPointer, Int, UInt64) -> UInt64

/// What front and engine share. Stands at the beginning of the engine's state.
public struct ControlledPort {
  /// Decides and performs an operation. The first argument is the port's own address.
  public var perform: ControlledCall
  /// Reads a cell.
  public var readCell: CellCall
  /// Writes a cell.
  public var writeCell: CellCall
  /// Possible pCPUs.
  public var pcpuCount: Int
  /// Places for devices: one per VM slot, or none.
  public var deviceCount = 0
  /// The words' values, for looks that are no operations.
  public var words: UnsafeMutablePointer<UInt64>
  /// The cells' values; only memory that is being set up has them side by side.
  public var cells: UnsafeMutablePointer<UInt64>
  /// What is counted, by `Counter.rawValue`.
  public var counters: UnsafeMutablePointer<UInt64>
  /// The step of its program that each pCPU is at; nil before the pCPUs start.
  public var programSteps: UnsafeMutablePointer<Int32>?
  /// The word with a bit for each pCPU that is online; 0 where none goes offline.
  public var onlineWord = 0
  /// The word of the first pCPU's run lock, where tasks share pCPUs; 0 where every pCPU has one.
  /// Whoever holds a pCPU's lock runs there.
  public var runLocks = 0
  /// Whether fallible steps may fail.
  public var mayFail = true
  /// Of the first 64 tags those that somebody has before the pCPUs start: a bit each.
  public var heldTags: UInt64 = 0
  /// Which pCPUs have preemption off: a bit each.
  public var unpreemptible: UInt64 = 0
  /// Which pCPUs have interrupts off: a bit each.
  public var masked: UInt64 = 0
  /// The last translation's owner, version and other owner under its tag.
  public var translation: (owner: VMIdentity, version: UInt64, other: VMIdentity) = (0, 0, 0)

  /// A port to these ways in.
  public init(
    perform: ControlledCall, readCell: CellCall, writeCell: CellCall, pcpuCount: Int,
    words: UnsafeMutablePointer<UInt64>
  ) {
    self.perform = perform
    self.readCell = readCell
    self.writeCell = writeCell
    self.pcpuCount = pcpuCount
    self.words = words
    cells = words
    counters = Self.nowhere
  }

  /// Counts that nobody reads: those of the time before the pCPUs start.
  private static nonisolated(unsafe) let nowhere: UnsafeMutablePointer<UInt64> = {
    let counters = UnsafeMutablePointer<UInt64>.allocate(capacity: Counter.allCases.count)
    counters.initialize(repeating: 0, count: Counter.allCases.count)
    return counters
  }()
}
