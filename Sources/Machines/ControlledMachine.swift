// The front of the controlled machine: packs an operation into one integer and makes one call. The
// engine behind the port decides what happens before it, and performs it.

import Domain

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
  /// Which of the program's bodies runs: the pCPU's number, unless tasks share pCPUs.
  public let body: Int

  /// The machine of `pcpu` behind `port`, which outlives it.
  @inlinable @inline(__always)
  public init(port: UnsafeMutablePointer<ControlledPort>, pcpu: PCPU, body: Int? = nil) {
    self.port = port
    self.pcpu = pcpu
    self.body = body ?? pcpu.index
  }

  public var pcpuCount: Int { @inlinable get { port.pointee.pcpuCount } }

  @inlinable public func onlinePCPUs(at site: Site) -> PCPUSet {
    let word = port.pointee.onlineWord
    return word == 0
      ? PCPUSet(first: pcpuCount)
      : PCPUSet(rawValue: load(ControlledWord(word), .relaxed, at: site))
  }

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
    case .below(let value):
      perform(.wait, order.code, at: site, object: word.number, value, 3)
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

  @inlinable @inline(__always)
  public func disablePreemption() { port.pointee.unpreemptible |= 1 &<< UInt64(pcpu.index) }

  @inlinable @inline(__always)
  public func enablePreemption() { port.pointee.unpreemptible &= ~(1 &<< UInt64(pcpu.index)) }

  /// Gives the pCPU to another task, if there is one that waits for it, and takes it again.
  @inlinable
  public func preemptionPoint(at site: Site) {
    let isOn = port.pointee.unpreemptible & 1 &<< UInt64(pcpu.index) == 0
    guard isOn, let lock = runLock else { return }
    release(lock, at: site)
    acquire(lock, at: site)
  }

  /// The lock of the pCPU; nil where no tasks share one.
  @inlinable public var runLock: Lock<ControlledWord>? {
    let first = port.pointee.runLocks
    return first == 0 ? nil : Lock(ControlledWord(first &+ pcpu.index))
  }

  // MARK: Translation

  @inlinable
  public func invalidate(_ what: Invalidation, on scope: InvalidationScope, at site: Site) {
    let reach: UInt64 = scope == .everyPCPU ? 1 : 0
    switch what {
    case .everything: perform(.invalidate, at: site, reach, 0)
    case .tag(let tag): perform(.invalidate, at: site, reach | 2, tag.number)
    case .page(let tag, let page):
      perform(.invalidate, at: site, reach | 4, tag.number | page &<< 16)
    case .stage2(let tag, let span):
      perform(
        .invalidate, at: site, reach | InvalidationCode.stage2(span),
        tag.number | span.first &<< 16)
    case .stage1(let tag):
      perform(.invalidate, at: site, reach | InvalidationCode.stage1, tag.number)
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

  /// Asks for every context that was live all through the rollover whether its tag was kept: those of
  /// pCPUs first, those of devices behind them.
  @inlinable public func rolloverEnds(keeps: (Tag) -> Bool) {
    for index in 0..<(pcpuCount &+ port.pointee.deviceCount) {
      let context = ContextWord(bits: perform(.throughout, object: index))
      if context.isLive, !keeps(context.tag) { perform(.lostTag, object: index) }
    }
    perform(.rolloverEnds)
  }

  @inlinable public func rangeFlushBegins(_ wanted: Stage2Span) {
    perform(
      .rangeFlushBegins, object: 0, wanted.first,
      wanted.pages &<< 8 | UInt64(truncatingIfNeeded: wanted.level))
  }

  @inlinable public func rangeFlushEnds() { perform(.rangeFlushEnds) }

  @inlinable
  public func stage2Flushed(
    _ slot: VMSlot, _ span: Stage2Span, olderThan version: UInt64, _ right: Stage2Right
  ) {
    perform(
      .stage2Flushed, object: slot.index &<< 1 | Int(truncatingIfNeeded: right.rawValue),
      span.first, span.pages &<< 24 | version & 0xFF_FFFF)
  }

  @inlinable
  public func takenFromLog(_ slot: VMSlot, page: UInt64, wasDirty: Bool, version: UInt64) {
    perform(.takenFromLog, object: slot.index &<< 1 | (wasDirty ? 1 : 0), page, version & 0xFF_FFFF)
  }

  @inlinable public func tagFreed(_ tag: Tag) {
    note(.checksO11)
    perform(.tagFreed, object: 0, tag.number)
  }

  @inlinable public func tagAllocated(_ tag: Tag) { perform(.tagAllocated, object: 0, tag.number) }

  @inlinable public func bug(_ message: StaticString, at site: Site) -> Never {
    perform(
      .bug, at: site, UInt64(UInt(bitPattern: message.utf8Start)),
      UInt64(message.utf8CodeUnitCount))
    preconditionFailure("the engine goes on after a bug")
  }
}
