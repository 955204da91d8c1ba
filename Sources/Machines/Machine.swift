// The machine: what simulated hardware and the kernel around it offer, seen from one pCPU.
//
// An allocator is written once against this protocol. Who executes the operations is a type
// parameter: real threads with native atomics, the same with pauses, or a scheduler that decides
// every step. That is why locks are words, wait conditions and invalidation scopes are data, and
// nothing takes a closure that a scheduler would have to evaluate.

import Domain

/// One pCPU and what it can do. A small Copyable value, passed to every call.
///
/// Operations on words and hardware operations are schedule points of a controlled machine. Cells,
/// interrupt masking, `observe` and notes are not.
public protocol Machine: Sendable {
  /// A 64-bit word that several pCPUs may touch. Every access has an order and a site.
  associatedtype Word: Handle
  /// Plain memory: an unordered pair of accesses, one of them a write, is a bug.
  associatedtype Cell: Handle
  /// Where words and cells come from.
  associatedtype Memory: MachineMemory where Memory.Word == Word, Memory.Cell == Cell

  /// The pCPU that this is.
  var pcpu: PCPU { get }
  /// How many pCPUs are possible, whether online or not.
  var pcpuCount: Int { get }
  /// The pCPUs that are online. One may come or go as soon as it is said.
  func onlinePCPUs(at site: Site) -> PCPUSet

  // MARK: Words

  /// Reads `word`.
  func load(_ word: Word, _ order: LoadOrder, at site: Site) -> UInt64
  /// Writes `value` to `word`.
  func store(_ word: Word, _ value: UInt64, _ order: StoreOrder, at site: Site)
  /// Writes `value` and returns what was there.
  func exchange(_ word: Word, _ value: UInt64, _ order: UpdateOrder, at site: Site) -> UInt64
  /// Adds `value`, wrapping, and returns the sum.
  func add(_ word: Word, _ value: UInt64, _ order: UpdateOrder, at site: Site) -> UInt64
  /// Sets the bits of `value` and returns what was there.
  func or(_ word: Word, _ value: UInt64, _ order: UpdateOrder, at site: Site) -> UInt64
  /// Writes `desired` if `word` holds `expected`. Returns the value seen, written or not.
  func compareExchange(
    _ word: Word, expected: UInt64, desired: UInt64, _ success: UpdateOrder,
    failure: LoadOrder, at site: Site
  ) -> UInt64
  /// A barrier.
  func fence(_ order: FenceOrder, at site: Site)

  // MARK: Cells

  /// Reads plain memory.
  func read(_ cell: Cell) -> UInt64
  /// Writes plain memory.
  func write(_ cell: Cell, _ value: UInt64)

  // MARK: Waiting

  /// Waits until `word` fulfils `condition`, reading with `order`, and returns its value.
  func wait(
    for word: Word, until condition: WaitCondition, _ order: LoadOrder, at site: Site
  ) -> UInt64
  /// Takes a spin lock (acquire). `raw_spin_lock_irqsave` is `maskInterrupts` and this.
  func acquire(_ lock: Lock<Word>, at site: Site)
  /// Gives it back (release).
  func release(_ lock: Lock<Word>, at site: Site)

  // MARK: Execution

  /// Turns interrupts off and says how they were.
  func maskInterrupts() -> InterruptState
  /// Puts interrupts back; pending ones are taken here.
  func restoreInterrupts(_ state: InterruptState)
  /// From here on no other task may run on this pCPU.
  func disablePreemption()
  /// Another task may run here again.
  func enablePreemption()
  /// If preemption is on, another task of this pCPU may run here and now.
  func preemptionPoint(at site: Site)

  // MARK: Translation

  /// Issues a TLB invalidation. Not complete before `waitForInvalidations`.
  func invalidate(_ what: Invalidation, on scope: InvalidationScope, at site: Site)
  /// Waits until every invalidation that this pCPU issued is complete (DSB).
  func waitForInvalidations(at site: Site)

  // MARK: Watching

  /// Says that something worth counting happened `times` times. Never a schedule point.
  func note(_ counter: Counter, times: UInt64)
  /// Reads a word for a counter or an oracle. Never a schedule point, orders nothing.
  func observe(_ word: Word) -> UInt64
  /// A rollover starts: oracles note who is in the guest. The caller holds the allocator's lock.
  func rolloverBegins()
  /// A rollover has ended, its flush included. `keeps` says whether a number is still taken. The
  /// caller still holds the lock.
  func rolloverEnds(keeps: (Tag) -> Bool)
  /// `tag` is nobody's from here on and may be handed out again (O11). The caller holds the
  /// allocator's lock.
  func tagFreed(_ tag: Tag)
  /// `tag` is somebody's again.
  func tagAllocated(_ tag: Tag)
  /// Somebody needs one of these tags, and the system has none for them (O9: not one may be nobody's).
  /// The caller holds the allocator's lock. Asked of systems that say with `tagAllocated` and `tagFreed`
  /// who has which.
  func noTagFound(from first: Tag, through last: Tag)
  /// This pCPU begins to invalidate what it holds of `wanted`; what it issues on every pCPU from here
  /// to `rangeFlushEnds` must cover that (O10).
  func rangeFlushBegins(_ wanted: Stage2Span)
  /// All of it is issued.
  func rangeFlushEnds()
  /// A flush of `slot` is complete: what TLBs hold for these pages from before change `version` of its
  /// tables must not be used, or not be written through, from here on (O4). Never a schedule point.
  /// Changes are counted in full, not modulo what an entry keeps of the number, and go on counting when
  /// another VM takes the slot.
  func stage2Flushed(
    _ slot: VMSlot, _ span: Stage2Span, olderThan version: UInt64, _ right: Stage2Right)
  /// The host takes `page` of `slot` out of the log of what guests write: what is written through older
  /// entries than change `version` belongs to before, what is written later must be logged again. `wasDirty`
  /// says whether the log had the page, which must be so if a guest has written it since it was last taken
  /// (O14). Nobody gives a right to write meanwhile, and who has given one before has logged it by now. (A
  /// kernel that logs after it has given the lock back may have the page in the next log only, and needs a
  /// weaker rule.) Never a schedule point.
  func takenFromLog(_ slot: VMSlot, page: UInt64, wasDirty: Bool, version: UInt64)
  /// The kernel's BUG(): a finding when controlled, the end of the run when live.
  func bug(_ message: StaticString, at site: Site) -> Never
}

extension Machine {
  /// Nothing: who does not watch need not know.
  public func tagFreed(_ tag: Tag) {}
  /// Nothing.
  public func tagAllocated(_ tag: Tag) {}
  /// Nothing.
  public func noTagFound(from first: Tag, through last: Tag) {}

  /// Nothing.
  public func rangeFlushBegins(_ wanted: Stage2Span) {}
  /// Nothing.
  public func rangeFlushEnds() {}
  /// Nothing.
  public func stage2Flushed(
    _ slot: VMSlot, _ span: Stage2Span, olderThan version: UInt64, _ right: Stage2Right
  ) {}

  /// Nothing.
  public func takenFromLog(_ slot: VMSlot, page: UInt64, wasDirty: Bool, version: UInt64) {}

  /// Says that something worth counting happened.
  @inlinable @inline(__always)
  public func note(_ counter: Counter) { note(counter, times: 1) }
}

/// What `wait` waits for. Data and not a closure, so that a scheduler can evaluate it.
public enum WaitCondition: Sendable, Equatable {
  case equals(UInt64)
  case differs(UInt64)
  case atLeast(UInt64)
  case below(UInt64)

  /// Whether `value` fulfils it.
  @inlinable public func holds(for value: UInt64) -> Bool {
    switch self {
    case .equals(let wanted): value == wanted
    case .differs(let unwanted): value != unwanted
    case .atLeast(let bound): value >= bound
    case .below(let bound): value < bound
    }
  }
}

/// Whether interrupts were on.
public enum InterruptState: Sendable { case enabled, masked }

/// Which TLBs an invalidation reaches.
public enum InvalidationScope: Sendable, Equatable {
  /// This pCPU's own.
  case thisPCPU
  /// Every pCPU's (inner shareable).
  case everyPCPU
}

/// Which entries an invalidation removes.
public enum Invalidation: Sendable, Equatable {
  /// All of them, under every tag.
  case everything
  /// All of one tag.
  case tag(Tag)
  /// One page of one tag.
  case page(Tag, page: UInt64)
  /// What TLBs hold of stage 2 alone for these pages of one tag: translations from intermediate to
  /// physical addresses, and tables. What they made of it together with stage 1 stays (TLBI
  /// IPAS2E1IS, RIPAS2E1IS). Only where tables have levels.
  case stage2(Tag, Stage2Span)
  /// All that TLBs made of stage 1, and of both stages together, under one tag (TLBI VMALLE1IS). Only
  /// where tables have levels.
  case stage1(Tag)
}
