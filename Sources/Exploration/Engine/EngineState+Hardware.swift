// The hardware of a controlled run: context registers, TLBs, invalidations on their way, calls.

import Domain
import Machines

extension EngineState {
  @inline(never)
  mutating func executeHardware(
    _ pcpu: Int, _ operation: ControlledOperation, _ a: UInt64, _ b: UInt64
  ) -> UInt64 {
    switch operation.kind {
    case .install: install(pcpu, operation.object, a, VMIdentity(truncatingIfNeeded: b))
    case .leaveGuest:
      touch(objects.context(pcpu), writes: true, by: pcpu)
      leaveGuest(pcpu)
    case .clearContext: clearContext(pcpu)
    case .translate: return translate(pcpu, page: Int(a), asked: true)
    case .speculate: return translate(pcpu, page: Int(a), asked: false)
    case .invalidate: invalidate(pcpu, what: a, operand: b)
    case .waitForInvalidations:
      touch(objects.invalidations(pcpu), writes: false, by: pcpu)
      contexts[pcpu].flushComplete = contexts[pcpu].flushIssued
    case .call: call(pcpu, AgentSet(bits: a))
    case .waitForCalls: touch(objects.calls(pcpu), writes: false, by: pcpu)
    default: break
    }
    return 0
  }

  // MARK: The context register

  /// The guest of a VM is entered. O1 and O2 look at everybody else who is in a guest.
  private mutating func install(_ pcpu: Int, _ table: Int, _ where: UInt64, _ owner: VMIdentity) {
    let tag = `where` & 0xFFFF_FFFF
    let slot = Int(`where` &>> 32)
    touch(objects.context(pcpu), writes: true, by: pcpu)
    touch(objects.vm(slot), writes: true, by: pcpu)
    if tag < tagCount { touch(objects.tag(Int(tag)), writes: true, by: pcpu) }
    contexts[pcpu].isLive = true
    contexts[pcpu].isInGuest = true
    contexts[pcpu].slot = slot
    contexts[pcpu].tag = tag
    contexts[pcpu].owner = owner
    contexts[pcpu].table = table
    contexts[pcpu].serial &+= 1
    port.counters[Counter.guestEntries.rawValue] &+= 1
    if hardware.tagsAreGlobal { judgeResidency(pcpu, tag, owner) }
    refreshFill(pcpu)
  }

  @inline(__always)
  private mutating func judgeResidency(_ pcpu: Int, _ tag: UInt64, _ owner: VMIdentity) {
    for other in 0..<pcpuCount where other != pcpu && contexts[other].isInGuest {
      let sameVM = contexts[other].owner == owner
      let sameTag = contexts[other].tag == tag
      if sameVM && !sameTag { violate(.twoTags(pcpu: pcpu, other: other)) }
      if sameTag && !sameVM { violate(.twoVMs(pcpu: pcpu, other: other)) }
    }
  }

  private mutating func clearContext(_ pcpu: Int) {
    touch(objects.context(pcpu), writes: true, by: pcpu)
    if contexts[pcpu].isInGuest { leaveGuest(pcpu) }
    contexts[pcpu].isLive = false
    refreshFill(pcpu)
  }

  private mutating func leaveGuest(_ pcpu: Int) {
    touch(objects.vm(contexts[pcpu].slot), writes: true, by: pcpu)
    if contexts[pcpu].tag < tagCount {
      touch(objects.tag(Int(contexts[pcpu].tag)), writes: true, by: pcpu)
    }
    contexts[pcpu].isInGuest = false
  }

  func contextWord(_ pcpu: Int) -> ContextWord {
    let context = contexts + pcpu
    return context.pointee.isInGuest
      ? ContextWord(
        sequence: context.pointee.serial, slot: VMSlot(context.pointee.slot),
        tag: Tag(context.pointee.tag))
      : ContextWord(emptyAt: context.pointee.serial)
  }

  // MARK: The TLB

  @inline(__always)
  private func place(_ pcpu: Int, _ tag: UInt64, _ page: Int) -> Int {
    (pcpu &* tagCount &+ Int(truncatingIfNeeded: tag) & (tagCount &- 1)) &* pages &+ page
  }

  /// Looks `page` up and fills it from the installed table if it is not there. Returns 0 for a
  /// fault, 1 for a fill, 2 for a hit. The hardware's own fills are not judged: O3 and O4 speak
  /// when a guest uses an entry, O3 also when one TLB gets a second owner.
  mutating func translate(_ pcpu: Int, page: Int, asked: Bool) -> UInt64 {
    let context = contexts[pcpu]
    let entry = tlbs + place(pcpu, context.tag, page)
    let isHit = entry.pointee != 0
    touch(objects.tlb(pcpu), writes: !isHit, by: pcpu)
    port.translation = (0, 0, 0)
    if isHit {
      if asked { judgeHit(pcpu, page, entry.pointee) }
      return 2
    }
    touch(context.table &+ page, writes: false, by: pcpu)
    let bits = TableEntry(bits: words[context.table &+ page])
    guard bits.isValid else { return 0 }
    judgeOwners(pcpu, context)
    entry.pointee = UInt64(context.owner) &<< 32 | bits.version
    port.translation = (context.owner, bits.version, 0)
    refreshFill(pcpu)
    return 1
  }

  /// O3, O4: the guest has used an entry.
  private mutating func judgeHit(_ pcpu: Int, _ page: Int, _ entry: UInt64) {
    let owner = VMIdentity(entry &>> 32)
    let version = entry & 0xFFFF_FFFF
    let context = contexts[pcpu]
    port.translation = (owner, version, 0)
    if owner != context.owner {
      violate(.twoOwners(pcpu: pcpu, tag: context.tag, owner: context.owner, other: owner))
    }
    // The flushes of a VM stand with the VM: the order of flush and hit matters.
    touch(objects.vm(context.slot), writes: false, by: pcpu)
    let oldest = oldestValid[context.slot &* pages &+ page]
    if version < oldest {
      violate(
        .staleHit(
          pcpu: pcpu, tag: context.tag, page: UInt64(page), version: version, oldest: oldest))
    }
  }

  /// O3: another VM's entry under the tag, on whatever page.
  private mutating func judgeOwners(_ pcpu: Int, _ context: Context) {
    for page in 0..<pages {
      let entry = tlbs[place(pcpu, context.tag, page)]
      if entry != 0, VMIdentity(entry &>> 32) != context.owner {
        violate(
          .twoOwners(
            pcpu: pcpu, tag: context.tag, owner: context.owner,
            other: VMIdentity(entry &>> 32)))
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

  /// How many pages of the installed context are not in the TLB. Whether they translate is found
  /// out by the walk: the table belongs to others.
  private func fillablePages(_ pcpu: Int) -> Int {
    (0..<pages).count { tlbs[place(pcpu, contexts[pcpu].tag, $0)] == 0 }
  }

  /// The page at `position` of those that are not in the TLB.
  private func missingPage(_ position: Int, _ pcpu: Int) -> Int {
    var left = position
    for page in 0..<pages where tlbs[place(pcpu, contexts[pcpu].tag, page)] == 0 {
      if left == 0 { return page }
      left -= 1
    }
    return 0
  }

  /// The hardware of `pcpu` fills one of the pages that are not there; which, the strategy says. A
  /// walk that finds nothing leaves an empty entry, so that it does not walk again and again.
  private mutating func fillUnasked(_ pcpu: Int, by agent: Int) {
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
    touch(context.table &+ page, writes: false, by: agent)
    let bits = TableEntry(bits: words[context.table &+ page])
    if isRecording { trace[steps].result = UInt64(page) }
    guard bits.isValid else {
      hardwareEnabled.remove(agent)
      return
    }
    judgeOwners(pcpu, context)
    tlbs[place(pcpu, context.tag, page)] = UInt64(context.owner) &<< 32 | bits.version
    port.counters[Counter.speculativeFills.rawValue] &+= 1
    refreshFill(pcpu)
  }

  // MARK: Invalidations

  /// Issues an invalidation. Local ones are carried out at once; the others travel, and arrive when
  /// the strategy says so.
  private mutating func invalidate(_ pcpu: Int, what: UInt64, operand: UInt64) {
    let isBroadcast = what & 1 != 0
    let isEverything = what & 6 == 0
    if isBroadcast && isEverything {
      contexts[pcpu].flushIssued = true
      contexts[pcpu].flushComplete = false
      flushes &+= 1
    }
    guard hardware.hasTLB else {
      // A step without a trace in the fingerprint would look like no step: a state seen before.
      absorb(what, by: pcpu)
      return
    }
    if !isBroadcast {
      touch(objects.tlb(pcpu), writes: true, by: pcpu)
      drop(pcpu, what, operand)
      return
    }
    touch(objects.invalidations(pcpu), writes: true, by: pcpu)
    for target in 0..<pcpuCount {
      // A full queue holds the issuer up until the oldest one has arrived.
      if queueLengths[target] == EngineState.queueCapacity { arrive(target, by: pcpu) }
      touch(objects.queue(target), writes: true, by: pcpu)
      queues[target &* EngineState.queueCapacity &+ queueLengths[target]] =
        TravellingInvalidation(what: what, operand: operand, issuer: pcpu)
      queueLengths[target] &+= 1
      outstanding[pcpu] &+= 1
      hardwareEnabled.insert(pcpuCount &+ target)
    }
  }

  /// The oldest invalidation on its way to the TLB of `target` arrives.
  private mutating func arrive(_ target: Int, by agent: Int) {
    let queue = queues + target &* EngineState.queueCapacity
    let oldest = queue.pointee
    queueLengths[target] &-= 1
    for place in 0..<queueLengths[target] { queue[place] = queue[place &+ 1] }
    outstanding[oldest.issuer] &-= 1
    if queueLengths[target] == 0 { hardwareEnabled.remove(pcpuCount &+ target) }
    touch(objects.queue(target), writes: true, by: agent)
    touch(objects.invalidations(oldest.issuer), writes: true, by: agent)
    touch(objects.tlb(target), writes: true, by: agent)
    drop(target, oldest.what, oldest.operand)
  }

  /// Removes entries from one TLB.
  private mutating func drop(_ pcpu: Int, _ what: UInt64, _ operand: UInt64) {
    let tag = operand & 0xFFFF
    switch what & 6 {
    case 0:
      (tlbs + place(pcpu, 0, 0)).update(repeating: 0, count: tagCount &* pages)
    case 2: (tlbs + place(pcpu, tag, 0)).update(repeating: 0, count: pages)
    default: tlbs[place(pcpu, tag, Int(operand &>> 16))] = 0
    }
    refreshFill(pcpu)
  }

  // MARK: Calls

  private mutating func call(_ pcpu: Int, _ targets: AgentSet) {
    touch(objects.calls(pcpu), writes: true, by: pcpu)
    var rest = AgentSet(bits: targets.bits & ((1 &<< UInt64(pcpuCount)) &- 1))
    rest.remove(pcpu)
    while !rest.isEmpty {
      let target = rest.first
      rest.remove(target)
      callsPending[target] |= 1 &<< UInt64(pcpu)
      anyCalls = true
      refreshInterrupt(target)
    }
  }

  /// Whether a call could be delivered to `pcpu` now. Masked ones wait until interrupts are on;
  /// that is looked at before every decision.
  mutating func refreshInterrupt(_ pcpu: Int) {
    let isOpen = callsPending[pcpu] != 0 && !AgentSet(bits: port.masked).contains(pcpu)
    if isOpen {
      hardwareEnabled.insert(3 &* pcpuCount &+ pcpu)
    } else {
      hardwareEnabled.remove(3 &* pcpuCount &+ pcpu)
    }
  }

  // MARK: What the hardware does by itself

  /// The step of a hardware agent.
  @inline(never)
  mutating func takeHardwareStep(_ agent: Int) {
    let pcpu = agent % pcpuCount
    let role = Agent(agent).role(pcpuCount: pcpuCount)
    let operation = EngineState.operation(of: role, pcpu, objects)
    if isRecording { record(agent, operation.bits, 0, 0, before: 0) }
    switch role {
    case .pcpu: break
    case .invalidation: arrive(pcpu, by: agent)
    case .fill: fillUnasked(pcpu, by: agent)
    case .interrupt:
      AgentSet(bits: callsPending[pcpu]).forEach {
        touch(objects.calls($0), writes: true, by: agent)
      }
      touch(objects.context(pcpu), writes: true, by: agent)
      callsPending[pcpu] = 0
      contexts[pcpu].interrupted = true
      refreshInterrupt(pcpu)
    }
    hashStep(agent, operation.bits, 0)
    steps &+= 1
  }

  /// The operation that a hardware agent will perform next: its main object, for strategies.
  static func operation(
    of role: Agent.Role, _ pcpu: Int, _ objects: ObjectNumbering
  ) -> ControlledOperation {
    switch role {
    case .pcpu: ControlledOperation(bits: 0)
    case .invalidation:
      ControlledOperation(.arriveInvalidation, .relaxed, Site(0), object: objects.tlb(pcpu))
    case .fill: ControlledOperation(.fillUnasked, .relaxed, Site(0), object: objects.tlb(pcpu))
    case .interrupt:
      ControlledOperation(.arriveInterrupt, .relaxed, Site(0), object: objects.calls(pcpu))
    }
  }
}
