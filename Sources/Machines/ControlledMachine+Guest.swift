// The controlled machine's guests, calls and choices, and what a program tells the oracles.

import Domain

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: GuestMachine {
  @inlinable
  public func install(_ context: GuestContext<ControlledWord>, at site: Site) {
    perform(
      .install, at: site, object: context.table[0].number,
      GuestPlace(
        tag: context.tag.number, vcpu: context.vcpu, slot: context.slot.index,
        isStale: context.isStale, inner: context.inner?.inner ?? 0
      ).bits,
      UInt64(context.owner)
        | UInt64(
          truncatingIfNeeded: context.tablePages?[0].number ?? context.inner?.table[0].number ?? 0)
        &<< 32)
  }

  @inlinable public func leaveGuest(at site: Site) { perform(.leaveGuest, at: site) }

  @inlinable public func clearContext(at site: Site) { perform(.clearContext, at: site) }

  @inlinable
  public func translate(_ page: UInt64, at site: Site) -> Translation {
    translate(page, writes: false, at: site)
  }

  @inlinable
  public func translate(_ page: UInt64, writes: Bool, at site: Site) -> Translation {
    let step = TranslationStep(
      bits: perform(.translate, at: site, page, writes ? 1 : 0))
    let outcome = step.outcome
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

  @inlinable public func setOnline(_ isOnline: Bool, at site: Site) {
    let word = ControlledWord(port.pointee.onlineWord)
    if isOnline { invalidate(.everything, on: .thisPCPU, at: site) }
    let bit = PCPUSet(pcpu).rawValue
    _ = add(word, isOnline ? bit : 0 &- bit, .fullyOrdered, at: site)
  }

  /// Never: a guest of a fixed program leaves by itself, soon, and the call is delivered then.
  @inlinable public var isCalled: Bool { false }

  /// Nothing: the engine delivers them.
  @inlinable public func answerCalls() {}

  /// Nothing: the engine delivers calls to a pCPU whose program has ended.
  @inlinable public func answerUntilAllEnd() {}
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: CallingMachine {
  @inlinable public func call(_ targets: PCPUSet, _ request: CallRequest, at site: Site) {
    perform(.call, at: site, targets.rawValue, request.rawValue)
  }

  @inlinable public func waitForCalls(at site: Site) { perform(.waitForCalls, at: site) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: DecidingMachine {
  /// A choice, unless nothing fails in this program.
  @inlinable public func mayFail(at site: Site) -> Bool {
    port.pointee.mayFail && choose(2, at: site) == 1
  }

  @inlinable public func choose(_ count: Int, at site: Site) -> Int {
    Int(perform(.choose, at: site, UInt64(count)))
  }
}

/// What a fixed program says to the oracles of a controlled run. None of it is a schedule point: it
/// belongs to the step before.
extension ControlledMachine {
  /// Step `index` of this pCPU's program begins.
  @inlinable @inline(__always)
  public func beginStep(_ index: Int) {
    port.pointee.programSteps?[body] = Int32(truncatingIfNeeded: index)
  }

  /// A guest is about to be left to itself: `vcpu`, the vCPU's number, entered with `late`, of
  /// `generation`, after `published` had been decided; `flushed`: the entry itself flushed. For O7
  /// and O8.
  @inlinable
  public func judgeEntry(
    vcpu: Int, published: Tag, late: Tag, generation: UInt64, flushed: Bool
  ) {
    perform(
      .judgeEntry, object: vcpu,
      published.number &<< 32 | (flushed ? Self.entryFlushed : 0) | late.number, generation)
  }

  /// The bit of `judgeEntry` that says that the entry flushed.
  @inlinable public static var entryFlushed: UInt64 { 1 << 31 }

  /// The flush of `page` of `slot` is complete: entries older than `version` are dead. For O4.
  @inlinable public func flushCompleted(_ slot: VMSlot, page: UInt64, version: UInt64) {
    perform(.flushCompleted, object: slot.index, page, version)
  }

  /// The hypervisor in `vcpu` has flushed `page` of `inner`, and was told that this is done: nothing
  /// made from an older version of the inner table's entry may be used by that vCPU. For O13.
  @inlinable
  public func innerFlushCompleted(vcpu: Int, inner: Int, page: UInt64, version: UInt64) {
    perform(.innerFlushCompleted, object: vcpu &* Inner.count &+ inner, page, version)
  }

  /// A device translates for `owner`, who lives at `slot`, under `tag` from here on. A schedule point.
  @inlinable
  public func attachDevice(to slot: VMSlot, owner: VMIdentity, tag: Tag, at site: Site) {
    perform(
      .attachDevice, at: site, GuestPlace(tag: tag.number, vcpu: 0, slot: slot.index).bits,
      UInt64(owner))
  }

  /// One device fewer translates for whoever lives at `slot`; false if there was none. A schedule
  /// point.
  @inlinable
  public func detachDevice(from slot: VMSlot, at site: Site) -> Bool {
    perform(.detachDevice, at: site, GuestPlace(tag: 0, vcpu: 0, slot: slot.index).bits) != 0
  }

  /// Whether a call has thrown the guest out since the last look.
  @inlinable public func takeInterruption() -> Bool { perform(.takeInterruption) != 0 }
}

/// Where a guest runs, in one operand: tag | vCPU << 16 | inner << 24 | slot << 32 | stale << 63.
public struct GuestPlace: Equatable, Sendable {
  /// The packed form.
  public let bits: UInt64

  /// The place with these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// Packs a place. A tag has at most 16 bits.
  @inlinable @inline(__always)
  public init(tag: UInt64, vcpu: UInt32, slot: Int, isStale: Bool = false, inner: Int = 0) {
    bits =
      tag & 0xFFFF | UInt64(vcpu & 0xFF) &<< 16
      | UInt64(truncatingIfNeeded: inner & 0xFF) &<< 24 | UInt64(truncatingIfNeeded: slot) &<< 32
      | (isStale ? 1 &<< 63 : 0)
  }

  /// The tag.
  @inlinable @inline(__always) public var tag: UInt64 { bits & 0xFFFF }
  /// The vCPU's number in its VM.
  @inlinable @inline(__always) public var vcpu: UInt64 { bits &>> 16 & 0xFF }
  /// An `Inner`.
  @inlinable @inline(__always) public var inner: Int { Int(bits &>> 24 & 0xFF) }
  /// The VM's slot.
  @inlinable @inline(__always) public var slot: Int {
    Int(truncatingIfNeeded: bits &>> 32 & 0x7FFF_FFFF)
  }
  /// See `GuestContext.isStale`.
  @inlinable @inline(__always) public var isStale: Bool { bits &>> 63 != 0 }
}
