// The front of the controlled machine: packs an operation into one integer and makes one call. The
// engine behind the port decides what happens before it, and performs it.

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
  /// The words' values, for looks that are no operations.
  public var words: UnsafeMutablePointer<UInt64>
  /// The cells' values; only memory that is being set up has them side by side.
  public var cells: UnsafeMutablePointer<UInt64>
  /// What is counted, by `Counter.rawValue`.
  public var counters: UnsafeMutablePointer<UInt64>
  /// The step of its program that each pCPU is at; nil before the pCPUs start.
  public var programSteps: UnsafeMutablePointer<Int32>?
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

/// A pCPU whose every step a scheduler decides.
///
/// Sendable because one pCPU runs at a time: the carrier hands the port on.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct ControlledMachine: Machine, @unchecked Sendable {
  public typealias Word = ControlledWord
  public typealias Cell = ControlledCell
  public typealias Memory = ControlledMemory

  @usableFromInline let port: UnsafeMutablePointer<ControlledPort>
  public let pcpu: PCPU

  /// The machine of `pcpu` behind `port`, which outlives it.
  @inlinable @inline(__always)
  public init(port: UnsafeMutablePointer<ControlledPort>, pcpu: PCPU) {
    self.port = port
    self.pcpu = pcpu
  }

  public var pcpuCount: Int { @inlinable get { port.pointee.pcpuCount } }

  @inlinable @inline(__always) @discardableResult
  func perform(
    _ kind: StepKind, _ order: OrderCode = .relaxed, at site: Site = Site(0),
    object: Int = 0, _ a: UInt64 = 0, _ b: UInt64 = 0
  ) -> UInt64 {
    port.pointee.perform(
      UnsafeMutableRawPointer(port),
      ControlledOperation(kind, order, site, object: object).bits, a, b)
  }

  // MARK: Words

  @inlinable @inline(__always)
  public func load(_ word: ControlledWord, _ order: LoadOrder, at site: Site) -> UInt64 {
    perform(.load, order.code, at: site, object: word.number)
  }

  @inlinable @inline(__always)
  public func store(
    _ word: ControlledWord, _ value: UInt64, _ order: StoreOrder, at site: Site
  ) {
    perform(.store, order.code, at: site, object: word.number, value)
  }

  @inlinable @inline(__always)
  public func exchange(
    _ word: ControlledWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    perform(.exchange, order.code, at: site, object: word.number, value)
  }

  @inlinable @inline(__always)
  public func add(
    _ word: ControlledWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    perform(.add, order.code, at: site, object: word.number, value)
  }

  @inlinable @inline(__always)
  public func or(
    _ word: ControlledWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    perform(.or, order.code, at: site, object: word.number, value)
  }

  /// The failure order is not passed on: under sequential consistency a failed compare-exchange is
  /// a load of the newest value, and only its success can publish.
  @inlinable @inline(__always)
  public func compareExchange(
    _ word: ControlledWord, expected: UInt64, desired: UInt64, _ success: UpdateOrder,
    failure: LoadOrder, at site: Site
  ) -> UInt64 {
    perform(.compareExchange, success.code, at: site, object: word.number, expected, desired)
  }

  @inlinable @inline(__always)
  public func fence(_ order: FenceOrder, at site: Site) {
    perform(.fence, order.code, at: site)
  }

  // MARK: Cells

  @inlinable @inline(__always)
  public func read(_ cell: ControlledCell) -> UInt64 {
    port.pointee.readCell(UnsafeMutableRawPointer(port), cell.number, 0)
  }

  @inlinable @inline(__always)
  public func write(_ cell: ControlledCell, _ value: UInt64) {
    _ = port.pointee.writeCell(UnsafeMutableRawPointer(port), cell.number, value)
  }

  // MARK: Waiting

  @inlinable
  public func wait(
    for word: ControlledWord, until condition: WaitCondition, _ order: LoadOrder, at site: Site
  ) -> UInt64 {
    switch condition {
    case .equals(let value):
      perform(.wait, order.code, at: site, object: word.number, value, 0)
    case .differs(let value):
      perform(.wait, order.code, at: site, object: word.number, value, 1)
    case .atLeast(let value):
      perform(.wait, order.code, at: site, object: word.number, value, 2)
    }
  }

  @inlinable @inline(__always)
  public func acquire(_ lock: Lock<ControlledWord>, at site: Site) {
    perform(.acquire, .acquire, at: site, object: lock.word.number)
  }

  @inlinable @inline(__always)
  public func release(_ lock: Lock<ControlledWord>, at site: Site) {
    perform(.release, .release, at: site, object: lock.word.number)
  }

  // MARK: Execution

  @inlinable @inline(__always)
  public func maskInterrupts() -> InterruptState {
    let bit = UInt64(1) &<< UInt64(truncatingIfNeeded: pcpu.index)
    let before = port.pointee.masked
    port.pointee.masked = before | bit
    return before & bit == 0 ? .enabled : .masked
  }

  @inlinable @inline(__always)
  public func restoreInterrupts(_ state: InterruptState) {
    let bit = UInt64(1) &<< UInt64(truncatingIfNeeded: pcpu.index)
    if state == .enabled { port.pointee.masked &= ~bit }
  }

  @inlinable @inline(__always) public func disablePreemption() {}
  @inlinable @inline(__always) public func enablePreemption() {}

  // MARK: Translation

  @inlinable
  public func invalidate(_ what: Invalidation, on scope: InvalidationScope, at site: Site) {
    let reach: UInt64 = scope == .everyPCPU ? 1 : 0
    switch what {
    case .everything: perform(.invalidate, at: site, reach, 0)
    case .tag(let tag): perform(.invalidate, at: site, reach | 2, tag.number)
    case .page(let tag, let page):
      perform(.invalidate, at: site, reach | 4, tag.number | page &<< 16)
    }
  }

  @inlinable public func waitForInvalidations(at site: Site) {
    perform(.waitForInvalidations, at: site)
  }

  // MARK: Watching

  @inlinable @inline(__always)
  public func note(_ counter: Counter, times: UInt64) {
    port.pointee.counters[counter.rawValue] &+= times
  }

  @inlinable @inline(__always)
  public func observe(_ word: ControlledWord) -> UInt64 { port.pointee.words[word.number] }

  @inlinable public func rolloverBegins() { perform(.rolloverBegins) }

  /// Asks for every context that was live all through the rollover whether its tag was kept.
  @inlinable public func rolloverEnds(keeps: (Tag) -> Bool) {
    for index in 0..<pcpuCount {
      let context = ContextWord(bits: perform(.throughout, object: index))
      if context.isLive, !keeps(context.tag) { perform(.lostTag, object: index) }
    }
    perform(.rolloverEnds)
  }

  @inlinable public func bug(_ message: StaticString, at site: Site) -> Never {
    perform(
      .bug, at: site, UInt64(UInt(bitPattern: message.utf8Start)),
      UInt64(message.utf8CodeUnitCount))
    preconditionFailure("the engine goes on after a bug")
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: GuestMachine {
  @inlinable
  public func install(_ context: GuestContext<ControlledWord>, at site: Site) {
    perform(
      .install, at: site, object: context.table[0].number,
      context.tag.number | UInt64(truncatingIfNeeded: context.slot.index) &<< 32,
      UInt64(context.owner))
  }

  @inlinable public func clearContext(at site: Site) { perform(.clearContext, at: site) }

  @inlinable
  public func translate(_ page: UInt64, at site: Site) -> Translation {
    let outcome = perform(.translate, at: site, page)
    let answer = port.pointee.translation
    return Translation(
      outcome: outcome == 0 ? .fault : outcome == 1 ? .fill : .hit, owner: answer.owner,
      version: answer.version, alsoUnderThisTag: answer.other)
  }

  @inlinable public func speculate(_ page: UInt64, at site: Site) {
    perform(.speculate, at: site, page)
  }

  @inlinable public func observeContext(of pcpu: PCPU) -> ContextWord {
    ContextWord(bits: perform(.contextOf, object: pcpu.index))
  }

  @inlinable public func observeFlushes() -> UInt64 { perform(.flushCount) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: CallingMachine {
  @inlinable public func call(_ targets: PCPUSet, _ request: UInt64, at site: Site) {
    perform(.call, at: site, targets.rawValue, request)
  }

  @inlinable public func waitForCalls(at site: Site) { perform(.waitForCalls, at: site) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: DecidingMachine {
  @inlinable public func mayFail(at site: Site) -> Bool { choose(2, at: site) == 1 }

  @inlinable public func choose(_ count: Int, at site: Site) -> Int {
    Int(perform(.choose, at: site, UInt64(count)))
  }
}

/// What a fixed program says to the oracles of a controlled run. None of it is a schedule point: it
/// belongs to the step before.
extension ControlledMachine {
  /// The guest is left while its context stays live: the first half of an unsafe sched-out. A step
  /// of its own; `clearContext` includes it otherwise.
  @inlinable public func leaveGuest(at site: Site) { perform(.leaveGuest, at: site) }

  /// Step `index` of this pCPU's program begins.
  @inlinable @inline(__always)
  public func beginStep(_ index: Int) {
    port.pointee.programSteps?[pcpu.index] = Int32(truncatingIfNeeded: index)
  }

  /// A guest is about to be left to itself: `vcpu`, the vCPU's number, entered with `late`, of
  /// `generation`, after `published` had been decided. For O7 and O8.
  @inlinable
  public func judgeEntry(vcpu: Int, published: Tag, late: Tag, generation: UInt64) {
    perform(
      .judgeEntry, object: vcpu, published.number &<< 32 | late.number, generation)
  }

  /// The flush of `page` of `slot` is complete: entries older than `version` are dead. For O4.
  @inlinable public func flushCompleted(_ slot: VMSlot, page: UInt64, version: UInt64) {
    perform(.flushCompleted, object: slot.index, page, version)
  }

  /// Whether a call has thrown the guest out since the last look.
  @inlinable public func takeInterruption() -> Bool { perform(.takeInterruption) != 0 }
}
