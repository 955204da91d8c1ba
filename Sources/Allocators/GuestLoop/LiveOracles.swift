// The oracles of a live run, as the guest loop calls them. Off the fast path they end in the
// finding log.

import Domain
import Machines
import Oracles

/// The parts of a run's oracles. `PreparedSoak` owns what they name.
///
/// Sendable: the log is, and the others are made of atomics.
struct LiveOracleParts: @unchecked Sendable {
  let mode: OracleMode
  /// Whether one tag means one VM on the whole machine: O1, O2.
  let tagsAreGlobal: Bool
  /// Whether a VM has one tag: O1.
  let vmsHaveOneTag: Bool
  /// Whether a tag means anything at all: O7.
  let tagsHaveRange: Bool
  /// Whether no vCPU may use another one's entries: O12.
  let vcpusArePrivate: Bool
  /// Whether tag 0 means untagged.
  let allowsUntagged: Bool
  let ledger: Ledger
  let flushes: CompletedFlushes
  let log: Unmanaged<FindingLog>
}

/// A run's oracles, by reference, without a reference count.
struct LiveOracles: Sendable {
  let parts: Fixed<LiveOracleParts>

  var mode: OracleMode { parts.value.mode }
  var ledger: Ledger { parts.value.ledger }
  var flushes: CompletedFlushes { parts.value.flushes }

  // MARK: O1, O2

  /// A pCPU has entered the guest of `slot`: its context is installed and published.
  @inline(__always)
  func entered<M: GuestMachine>(
    _ slot: VMSlot, _ tag: Tag, sample: PCPU?, _ tally: inout SliceTally, on m: M
  ) {
    guard parts.value.tagsAreGlobal else { return }
    switch mode {
    case .exact:
      tally.ledgerChecks &+= 1
      let verdict = ledger.enter(slot, tag)
      if !verdict.sameTag { reportTwoTags(slot, tag, verdict.otherTag, on: m) }
      if !verdict.uniqueTag && !isUntagged(tag) { reportTwoVMs(slot, tag, verdict.otherVM, on: m) }
    case .sampled:
      if let sample { self.sample(sample, &tally, on: m) }
    case .off: break
    }
  }

  /// A device begins to share the address space of `slot`: from here to `left` it is as resident as a
  /// pCPU in the guest. The ledger alone sees it.
  @inline(never)
  func attached<M: GuestMachine>(_ slot: VMSlot, _ tag: Tag, on m: M) {
    guard mode == .exact, parts.value.tagsAreGlobal else { return }
    let verdict = ledger.enter(slot, tag)
    if !verdict.sameTag {
      report(
        .o1,
        "a device begins to use tag \(tag) for \(slot), which runs with "
          + (verdict.otherTag.map { "tag \($0)" } ?? "other tags"), on: m)
    }
    if !verdict.uniqueTag {
      report(
        .o2,
        "a device begins to use tag \(tag) for \(slot) while "
          + (verdict.otherVM.map { "\($0) runs" } ?? "other VMs run") + " with the same tag", on: m)
    }
  }

  /// Compares this pCPU's context with that of `other`.
  @inline(__always)
  private func sample<M: GuestMachine>(
    _ other: PCPU, _ tally: inout SliceTally, on m: M
  ) {
    tally.ledgerChecks &+= 1
    let own = m.observeContext(of: m.pcpu)
    let theirs = m.observeContext(of: other)
    switch ContextSampling.judge(entering: own, other: theirs) {
    case nil: break
    case .oneVMTwoTags: reportTwoTags(own.slot, own.tag, theirs.tag, on: m)
    case .oneTagTwoVMs:
      if !isUntagged(own.tag) { reportTwoVMs(own.slot, own.tag, theirs.slot, on: m) }
    }
  }

  @inline(__always)
  private func isUntagged(_ tag: Tag) -> Bool { parts.value.allowsUntagged && tag.number == 0 }

  /// It has left the guest. Comes before `put`, whose store must not follow a locked instruction
  /// by anything but plain ones.
  @inline(__always)
  func left(_ slot: VMSlot, _ tag: Tag) {
    if mode == .exact, parts.value.tagsAreGlobal { ledger.leave(slot, tag) }
  }

  // MARK: O3, O4, O12

  /// For `judge`: taken at the start of a lookup.
  @inline(__always)
  func oldestValid(_ slot: VMSlot, page: UInt64) -> UInt64 {
    mode == .off ? 0 : flushes.oldestValid(slot, page: page)
  }

  /// Judges what the hardware answered.
  @inline(__always)
  func judge<M: GuestMachine>(
    _ translation: Translation, for owner: VMIdentity, vcpu: UInt32, oldestValid: UInt64,
    _ tally: inout SliceTally, on m: M
  ) {
    if mode == .off { return }
    tally.lookupChecks &+= 1
    if parts.value.vcpusArePrivate {
      tally.privacyChecks &+= 1
      if translation.vcpu != vcpu && translation.owner == owner {
        reportOtherVCPU(vcpu, translation.vcpu, on: m)
      }
    }
    if translation.alsoUnderThisTag != 0 {
      reportTwoOwners(owner, translation.alsoUnderThisTag, on: m)
    }
    if let verdict = TranslationVerdict.judge(
      owner: translation.owner, expected: owner, version: translation.version,
      oldestValid: oldestValid)
    {
      report(verdict, translation, owner, on: m)
    }
  }

  /// O4, where tables have levels: what the machine says of an entry that a guest has used.
  @inline(__always)
  func judge<M: GuestMachine>(_ flaw: Translation.Flaw, of page: UInt64, on m: M) {
    if flaw != .none, mode != .off { report(flaw, page, on: m) }
  }

  @inline(never)
  private func report<M: GuestMachine>(_ flaw: Translation.Flaw, _ page: UInt64, on m: M) {
    let context = m.observeContext(of: m.pcpu)
    let who = "\(context.slot) on \(m.pcpu), tag \(context.tag), page \(page), "
    switch flaw {
    case .none: break
    case .foreign:
      report(.o4, who + "used a translation through a table page that was freed", on: m)
    case .stale(let oldest):
      report(
        .o4,
        who + "used a translation from before change \(oldest): all those are flushed, or their "
          + "memory is given away", on: m)
    case .revoked(let oldest):
      report(
        .o4,
        who + "wrote through a translation from before change \(oldest), when its right to write "
          + "was taken and flushed", on: m)
    }
  }

  // MARK: O13

  /// Judges what an entry remembers of inner guests, where `expected` has used it.
  func judge<M: GuestMachine>(
    _ used: InnerTranslation, expected: Int, oldest: UInt64, on m: M
  ) {
    if mode == .off { return }
    m.note(.checksO13)
    guard
      let verdict = NestingVerdict.judge(
        inner: expected, madeFor: used.inner, version: used.entry.version, oldest: oldest)
    else { return }
    let context = m.observeContext(of: m.pcpu)
    let who = "\(Inner.name(expected)) of \(context.slot) on \(m.pcpu), tag \(context.tag), "
    switch verdict {
    case .otherLevel:
      report(.o13, who + "hit a translation that was made for \(Inner.name(used.inner))", on: m)
    case .flushedInside:
      report(
        .o13,
        who + "hit a translation of version \(used.entry.version), but its hypervisor has flushed "
          + "all before version \(oldest)", on: m)
    }
  }

  // MARK: O7, O8

  /// Judges the id of an entry; returns its generation for the next one.
  @inline(__always)
  func judge<M: GuestMachine>(
    _ late: TagID, published: Tag, flushed: Bool, previousGeneration: UInt64,
    highestTag: UInt64, _ tally: inout SliceTally, on m: M
  ) {
    if mode == .off { return }
    tally.entryChecks &+= 1
    if parts.value.tagsHaveRange, !EntryVerdict.isInRange(late.tag, highest: highestTag),
      !(flushed && isUntagged(late.tag))
    {
      reportOutOfRange(late.tag, highestTag, on: m)
    }
    if let verdict = EntryVerdict.judgeIdentity(
      generation: late.generation, previous: previousGeneration,
      published: published.number, entered: late.tag.number)
    {
      report(verdict, late, published, previousGeneration, on: m)
    }
  }

  // MARK: Findings. Cold: each is its own call, so that the paths above stay short.

  @inline(never)
  private func report<M: GuestMachine>(_ oracle: OracleID, _ summary: String, on m: M) {
    parts.value.log.takeUnretainedValue().add(oracle, .forbidden, summary, on: m.pcpu)
  }

  @inline(never)
  private func reportOutOfRange<M: GuestMachine>(_ tag: Tag, _ highest: UInt64, on m: M) {
    report(.o7, "\(m.pcpu) enters a guest with tag \(tag); 1 ... \(highest) may be used", on: m)
  }

  @inline(never)
  private func reportTwoTags<M: GuestMachine>(
    _ slot: VMSlot, _ tag: Tag, _ other: Tag?, on m: M
  ) {
    report(
      .o1,
      "\(slot) enters its guest on \(m.pcpu) with tag \(tag) while it runs elsewhere with "
        + (other.map { "tag \($0)" } ?? "other tags"), on: m)
  }

  @inline(never)
  private func reportTwoVMs<M: GuestMachine>(
    _ slot: VMSlot, _ tag: Tag, _ other: VMSlot?, on m: M
  ) {
    report(
      .o2,
      "\(slot) enters its guest on \(m.pcpu) with tag \(tag) while "
        + (other.map { "\($0) runs" } ?? "other VMs run") + " elsewhere with the same tag", on: m)
  }

  @inline(never)
  private func reportOtherVCPU<M: GuestMachine>(_ vcpu: UInt32, _ other: UInt32, on m: M) {
    let context = m.observeContext(of: m.pcpu)
    report(
      .o12,
      "vCPU \(vcpu) of \(context.slot) on \(m.pcpu), tag \(context.tag), hit a translation that "
        + "was made for vCPU \(other)", on: m)
  }

  @inline(never)
  private func reportTwoOwners<M: GuestMachine>(
    _ owner: VMIdentity, _ other: VMIdentity, on m: M
  ) {
    let tag = m.observeContext(of: m.pcpu).tag
    report(
      .o3,
      "the TLB of \(m.pcpu) holds entries of two VMs (the \(ordinal(owner)) and the "
        + "\(ordinal(other)) created) under tag \(tag)", on: m)
  }

  @inline(never)
  private func report<M: GuestMachine>(
    _ verdict: TranslationVerdict, _ translation: Translation, _ owner: VMIdentity, on m: M
  ) {
    let context = m.observeContext(of: m.pcpu)
    switch verdict {
    case .foreign:
      let summary =
        "\(context.slot) on \(m.pcpu), tag \(context.tag), hit a translation of another VM: made "
        + "for the \(ordinal(translation.owner)) created, used by the \(ordinal(owner))"
      report(.o4, summary, on: m)
      report(.o3, summary, on: m)
    case .stale:
      report(
        .o4,
        "\(context.slot) on \(m.pcpu), tag \(context.tag), hit a translation of version "
          + "\(translation.version) whose flush was complete before the lookup began", on: m)
    }
  }

  @inline(never)
  private func report<M: GuestMachine>(
    _ verdict: EntryVerdict, _ late: TagID, _ published: Tag, _ previous: UInt64, on m: M
  ) {
    switch verdict {
    case .generationWentBack:
      report(
        .o8,
        "the id of a VM went back from generation \(previous) to \(late.generation) on "
          + "\(m.pcpu)", on: m)
    case .numberChangedAfterPublication:
      report(
        .o8, "\(m.pcpu) published tag \(published) as active and entered with tag \(late.tag)",
        on: m)
    }
  }

  private func ordinal(_ identity: VMIdentity) -> String { "\(identity)." }
}

/// What a slice counts before it adds to the pCPU's counters, so that a guest entry costs
/// registers only.
struct SliceTally {
  var entries: UInt64 = 0
  var fastEntries: UInt64 = 0
  var reentries: UInt64 = 0
  var aborted: UInt64 = 0
  var hits: UInt64 = 0
  var fills: UInt64 = 0
  var faults: UInt64 = 0
  var messagesSent: UInt64 = 0
  var messages: UInt64 = 0
  var ledgerChecks: UInt64 = 0
  var lookupChecks: UInt64 = 0
  var entryChecks: UInt64 = 0
  var privacyChecks: UInt64 = 0

  /// Adds to this pCPU's counters; `judgesO1`: what the ledger compared was for O1, too.
  @inline(__always)
  func add<M: Machine>(to m: M, judgesO1: Bool) {
    m.note(.slices)
    m.note(.guestEntries, times: entries)
    m.note(.fastPathEntries, times: fastEntries)
    m.note(.slowPathEntries, times: entries &- fastEntries)
    m.note(.reentryWithOwnID, times: reentries)
    m.note(.abortedEntries, times: aborted)
    m.note(.tlbHits, times: hits)
    m.note(.tlbFills, times: fills)
    m.note(.pageFaults, times: faults)
    m.note(.messages, times: messages)
    m.note(.checksO1, times: judgesO1 ? ledgerChecks : 0)
    m.note(.checksO2, times: ledgerChecks)
    m.note(.checksO3, times: lookupChecks)
    m.note(.checksO4, times: lookupChecks)
    m.note(.checksO7, times: entryChecks)
    m.note(.checksO8, times: entryChecks)
    m.note(.checksO12, times: privacyChecks)
  }
}
