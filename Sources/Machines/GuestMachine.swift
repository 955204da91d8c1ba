// What only the guest loop needs of a machine: the context register and the TLB.

import Domain

/// A machine that can run a guest.
public protocol GuestMachine: CallingMachine {
  /// Writes the context register. From here on the hardware may fill from it at any time.
  func install(_ context: GuestContext<Word>, at site: Site)
  /// The guest is left, and its context stays live: the hardware may still fill from it. Part of
  /// `clearContext` otherwise.
  func leaveGuest(at site: Site)
  /// Empties the context register: no fill from here on.
  func clearContext(at site: Site)
  /// Translates `page` through the TLB and, where that misses, the installed table.
  func translate(_ page: UInt64, at site: Site) -> Translation
  /// The same where tables have levels and entries may forbid writing: a write through an entry that
  /// does is a fault.
  func translate(_ page: UInt64, writes: Bool, at site: Site) -> Translation
  /// The hardware fills an entry for `page` without being asked, if a context is live.
  func speculate(_ page: UInt64, at site: Site)

  /// The guest, whose context was installed just now, touches memory: cache lines under `tag` are in
  /// this pCPU's cache. Said for systems whose tags stand for keys, and once for each entry: no cache
  /// is written back while a guest is in. Never a schedule point.
  func touchMemory(under tag: Tag)
  /// What `pcpu` publishes of its context. Never a schedule point.
  func observeContext(of pcpu: PCPU) -> ContextWord
  /// This pCPU goes offline, or comes back with an empty TLB. Nothing is loaded on it.
  func setOnline(_ isOnline: Bool, at site: Site)
  /// Whether a call waits for this pCPU: the guest is about to be thrown out. Never a schedule
  /// point.
  var isCalled: Bool { get }
  /// Answers the calls that are there, interrupts on. Never a schedule point.
  func answerCalls()
  /// This pCPU's program is over, but calls still reach it: answers them until all others' are.
  func answerUntilAllEnd()
  /// How often everything was invalidated on every pCPU so far. Never a schedule point.
  func observeFlushes() -> UInt64
  /// Nothing is loaded on this pCPU from here on, or something will be again. Said in turns, after
  /// `put` and before `load`; counts only. Never a schedule point.
  func turnsIdle(_ isIdle: Bool)
  /// What the entry for `page` under the installed context, which was just used, remembers of inner
  /// guests; nil if the machine judges that itself. Never a schedule point.
  func observeInner(of page: UInt64) -> InnerTranslation?
}

extension GuestMachine {
  /// Everything may be written.
  @inlinable @inline(__always)
  public func translate(_ page: UInt64, writes: Bool, at site: Site) -> Translation {
    translate(page, at: site)
  }
  /// Nobody has keys.
  @inlinable public func touchMemory(under tag: Tag) {}
  /// Nobody counts.
  @inlinable public func turnsIdle(_ isIdle: Bool) {}
  /// Nobody asks.
  @inlinable public func observeInner(of page: UInt64) -> InnerTranslation? { nil }
}

/// Who runs inside a VM that may nest, and the table that it or its hypervisor keeps for it: a walk goes
/// through that one first, to a page of the VM, and then through the VM's own.
public struct InnerContext<Word: Handle>: Sendable {
  /// An `Inner`.
  public let inner: Int
  /// The table's entries, one word a page. Their frames are pages of the VM.
  public let table: Bank<Word>

  /// The context of `inner`.
  @inlinable @inline(__always)
  public init(_ inner: Int, table: Bank<Word>) {
    self.inner = inner
    self.table = table
  }
}

/// What a TLB entry remembers of an inner walk.
public struct InnerTranslation: Equatable, Sendable {
  /// Who ran: an `Inner`.
  public let inner: Int
  /// The entry of the inner table.
  public let entry: TableEntry

  @inlinable
  init(inner: Int, entry: TableEntry) {
    self.inner = inner
    self.entry = entry
  }
}

/// A hardware context: a stage-2 table and the tag under which its translations are cached.
public struct GuestContext<Word: Handle>: Sendable {
  /// The table's entries, one word a page; where tables have levels, the root's.
  public let table: Bank<Word>
  /// The memory that tables below a root are made of, one after the other; nil where tables have no
  /// levels.
  public let tablePages: Bank<Word>?
  /// The tag.
  public let tag: Tag
  /// The VM's place.
  public let slot: VMSlot
  /// Who it is.
  public let owner: VMIdentity
  /// Which of the VM's vCPUs runs: guests' own translations may differ between them (O12).
  public let vcpu: UInt32
  /// Whether translations of others may be found under the tag until this pCPU has flushed: the next
  /// thing that it does.
  public let isStale: Bool
  /// Who runs inside the VM; nil where nothing nests.
  public let inner: InnerContext<Word>?

  /// The context of `owner`, who lives at `slot`.
  @inlinable @inline(__always)
  public init(
    table: Bank<Word>, tag: Tag, slot: VMSlot, owner: VMIdentity, vcpu: UInt32 = 0,
    isStale: Bool = false, inner: InnerContext<Word>? = nil, tablePages: Bank<Word>? = nil
  ) {
    self.table = table
    self.tablePages = tablePages
    self.tag = tag
    self.slot = slot
    self.owner = owner
    self.vcpu = vcpu
    self.isStale = isStale
    self.inner = inner
  }
}

/// What the hardware answered.
public struct Translation: Sendable {
  /// How it came about.
  public enum Outcome: Sendable { case hit, fill, fault }

  /// What may be wrong with a translation through tables with levels (O4).
  public enum Flaw: Sendable, Equatable {
    case none
    /// The walk that made it went through a table page that was freed: it leads into somebody else's
    /// memory.
    case foreign
    /// A flush that was complete before the lookup began should have removed it; entries from change
    /// `oldest` of the VM's tables on may be used.
    case stale(oldest: UInt64)
    /// As `stale`, for the right to write through it.
    case revoked(oldest: UInt64)
  }

  /// Hit, filled now, or no valid entry in the table.
  public let outcome: Outcome
  /// Whose table it was filled from; 0 on a fault.
  public let owner: VMIdentity
  /// The version of the table entry that it was made from.
  public let version: UInt64
  /// Another VM whose live entry sat in this TLB under the same tag when this one was filled;
  /// 0 if none did.
  public let alsoUnderThisTag: VMIdentity
  /// The vCPU that it was filled for.
  public let vcpu: UInt32
  /// What is wrong with it; judged by the machine itself where tables have levels.
  public let flaw: Flaw

  @inlinable @inline(__always)
  init(
    outcome: Outcome, owner: VMIdentity, version: UInt64, alsoUnderThisTag: VMIdentity,
    vcpu: UInt32 = 0, flaw: Flaw = .none
  ) {
    self.flaw = flaw
    self.outcome = outcome
    self.owner = owner
    self.version = version
    self.alsoUnderThisTag = alsoUnderThisTag
    self.vcpu = vcpu
  }
}

extension Translation {
  /// The same, with the vCPU's number alone: a machine may note an `Inner` beside it.
  @inlinable public var ofVCPU: Translation {
    Translation(
      outcome: outcome, owner: owner, version: version, alsoUnderThisTag: alsoUnderThisTag,
      vcpu: vcpu & 0xFFFF, flaw: flaw)
  }
}

/// A stage-2 table entry: version << 32 | frame << 1 | valid.
public struct TableEntry: Equatable, Sendable {
  /// The word as it stands in the table.
  public let bits: UInt64

  /// The entry with these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// An entry for `frame`, 0 for none, that translates if it is valid.
  @inlinable public init(frame: UInt64, version: UInt64, isValid: Bool) {
    bits = (version & 0xFFFF_FFFF) << 32 | (frame & 0x7FFF_FFFF) << 1 | (isValid ? 1 : 0)
  }

  /// Whether it translates.
  @inlinable @inline(__always) public var isValid: Bool { bits & 1 != 0 }
  /// Grows with every change of the entry, modulo 2^32.
  @inlinable @inline(__always) public var version: UInt64 { bits &>> 32 }
  /// The frame; 0 if the page has none.
  @inlinable public var frame: UInt64 { (bits & 0xFFFF_FFFF) &>> 1 }
}
