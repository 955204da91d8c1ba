// The TLBs of a controlled run: hits, fills that a guest asks for, fills that nobody asked for.

import Domain
import Machines

extension EngineState {
  @inline(__always)
  func place(_ pcpu: Int, _ tag: UInt64, _ page: Int) -> Int {
    (objects.core(pcpu) &* tagCount &+ Int(truncatingIfNeeded: tag) & (tagCount &- 1)) &* pages
      &+ page
  }

  /// Looks `page` up and fills it from the installed table if it is not there. Returns 0 for a
  /// fault, 1 for a fill, 2 for a hit. The hardware's own fills are not judged: O3 and O4 speak
  /// when a guest uses an entry, O3 also when one TLB gets a second owner.
  mutating func translate(_ pcpu: Int, page: Int, writes: Bool, asked: Bool) -> UInt64 {
    if stage2.isOn { return translateByLevels(pcpu, page: page, writes: writes, asked: asked) }
    let context = contexts[pcpu]
    let entry = tlbs + place(pcpu, context.tag, page)
    let isHit = entry.pointee != 0
    touch(objects.tlb(pcpu), writes: !isHit, by: pcpu)
    port.translation = (0, 0, 0)
    if isHit {
      if asked { judgeHit(pcpu, page, TLBEntry(bits: entry.pointee)) }
      return 2
    }
    let found = walk(context, page, by: pcpu)
    let bits = found.entry
    guard bits.isValid else { return 0 }
    if !context.isStale { judgeOwners(pcpu, context) }
    entry.pointee = TLBEntry(context, version: bits.version).bits
    if hardware.nests { innerTLBs[place(pcpu, context.tag, page)] = found.inner.bits }
    port.translation = (context.owner, bits.version, 0)
    refreshFills(beside: pcpu)
    return 1
  }

  /// O3, O4, O12: the guest has used an entry.
  mutating func judgeHit(_ pcpu: Int, _ page: Int, _ entry: TLBEntry) {
    let owner = entry.owner
    let version = entry.version
    let context = contexts[pcpu]
    port.translation = (owner, version, 0)
    if owner != context.owner {
      violate(.twoOwners(pcpu: pcpu, tag: context.tag, owner: context.owner, other: owner))
    }
    if entry.vcpu != context.vcpu && owner == context.owner {
      violate(.otherVCPU(pcpu: pcpu, tag: context.tag, vcpu: context.vcpu, other: entry.vcpu))
    }
    // The flushes of a VM stand with the VM: the order of flush and hit matters.
    touch(objects.vm(context.slot), writes: false, by: pcpu)
    let inner = innerEntry(pcpu, page)
    if hardware.nests { judgeInner(pcpu, page, inner) }
    let oldest = oldestValid[context.slot &* pages &+ (hardware.nests ? inner.page : page)]
    if version < oldest {
      violate(
        .staleHit(
          pcpu: pcpu, tag: context.tag, page: UInt64(page), version: version, oldest: oldest))
    }
  }

  /// Walks the installed tables, the inner one first if there is one: the entry of the VM's own table,
  /// or one that is not valid, and what is remembered of the inner walk.
  @inline(__always)
  mutating func walk(
    _ context: Context, _ page: Int, by agent: Int
  ) -> (entry: TableEntry, inner: InnerEntry) {
    guard hardware.nests else {
      touch(context.table &+ page, writes: false, by: agent)
      return (TableEntry(bits: words[context.table &+ page]), InnerEntry(bits: 0))
    }
    return walkNested(context, page, by: agent)
  }

  /// O3: another VM's entry under the tag, on whatever page.
  mutating func judgeOwners(_ pcpu: Int, _ context: Context) {
    for page in 0..<pages {
      let entry = TLBEntry(bits: tlbs[place(pcpu, context.tag, page)])
      if !entry.isEmpty, entry.owner != context.owner {
        violate(
          .twoOwners(
            pcpu: pcpu, tag: context.tag, owner: context.owner, other: entry.owner))
      }
    }
  }

  /// Whether the hardware of `pcpu` could fill something: its context is live, and a page that
  /// translates is not in its TLB.
  mutating func refreshFill(_ pcpu: Int) {
    guard hardware.fillsUnasked else { return }
    if contexts[pcpu].isLive && fillablePages(pcpu) > 0 {
      hardwareEnabled.insert(2 &* pcpuCount &+ pcpu)
    } else {
      hardwareEnabled.remove(2 &* pcpuCount &+ pcpu)
    }
  }

  /// The TLB of `pcpu` has changed: so it has for all that share it.
  mutating func refreshFills(beside pcpu: Int) {
    let first = objects.core(pcpu)
    for thread in first..<(first &+ hardware.threadsPerCore) { refreshFill(thread) }
  }

  /// How many pages of the installed context are not in the TLB. Whether they translate is found
  /// out by the walk: the table belongs to others.
  func fillablePages(_ pcpu: Int) -> Int {
    (0..<pages).count { tlbs[place(pcpu, contexts[pcpu].tag, $0)] == 0 }
  }

  /// The page at `position` of those that are not in the TLB.
  func missingPage(_ position: Int, _ pcpu: Int) -> Int {
    var left = position
    for page in 0..<pages where tlbs[place(pcpu, contexts[pcpu].tag, page)] == 0 {
      if left == 0 { return page }
      left -= 1
    }
    return 0
  }

  /// The hardware of `pcpu` fills one of the pages that are not there; which, the strategy says. A
  /// walk that finds nothing leaves an empty entry, so that it does not walk again and again.
  mutating func fillUnasked(_ pcpu: Int, by agent: Int) {
    let missing = fillablePages(pcpu)
    var choice = 0
    if missing > 1 {
      choice = strategy._withUnsafeGuaranteedRef { $0.chooseValue(below: missing) }
      absorb(UInt64(choice), by: agent)
      if isRecording { record(choice, below: missing, by: agent, inStep: steps) }
    }
    let page = missingPage(choice, pcpu)
    let context = contexts[pcpu]
    touch(objects.context(pcpu), writes: false, by: agent)
    touch(objects.tlb(pcpu), writes: true, by: agent)
    if isRecording { trace[steps].result = UInt64(page) }
    if stage2.isOn {
      if !fillUnaskedByLevels(pcpu, page: page, by: agent) {
        return hardwareEnabled.remove(agent)
      }
      port.counters[Counter.speculativeFills.rawValue] &+= 1
      return
    }
    let found = walk(context, page, by: agent)
    let bits = found.entry
    guard bits.isValid else {
      hardwareEnabled.remove(agent)
      return
    }
    if !context.isStale { judgeOwners(pcpu, context) }
    tlbs[place(pcpu, context.tag, page)] = TLBEntry(context, version: bits.version).bits
    if hardware.nests { innerTLBs[place(pcpu, context.tag, page)] = found.inner.bits }
    port.counters[Counter.speculativeFills.rawValue] &+= 1
    refreshFills(beside: pcpu)
  }
}

/// One entry of a TLB: owner << 40 | vCPU << 32 | version. A controlled run has few of each.
struct TLBEntry: Equatable {
  let bits: UInt64

  @inline(__always) init(bits: UInt64) { self.bits = bits }

  @inline(__always) init(_ context: Context, version: UInt64) {
    bits = UInt64(context.owner) &<< 40 | (context.vcpu & 0xFF) &<< 32 | version
  }

  @inline(__always) var isEmpty: Bool { bits == 0 }
  @inline(__always) var owner: VMIdentity { VMIdentity(truncatingIfNeeded: bits &>> 40) }
  @inline(__always) var vcpu: UInt64 { bits &>> 32 & 0xFF }
  @inline(__always) var version: UInt64 { bits & 0xFFFF_FFFF }
}
