// One slice: a vCPU is loaded, enters its guest once or more, and is ready to be put.

import Domain
import Host
import Machines
import Oracles

extension GuestLoop {
  /// Runs the vCPU until its slice is used up or it blocks. On return its context is dead (or is
  /// left to `putAndHandBack`) and it is not put yet.
  @inline(__always)
  mutating func runSlice(of index: Int, on m: A.M) {
    let vcpu = world.vcpus + index
    let vm = world.vms + vcpu.pointee.vm
    let owner = VMIdentity(truncatingIfNeeded: m.observe(vm.pointee.identity))
    var generation = m.read(vcpu.pointee.lastGeneration)
    var tally = SliceTally()
    var isFirst = true
    var blocked = false
    var stay = drawFirstStay(on: m)
    var left = drawEntries()
    var inner = A.nests ? innerRunning(index, on: m) : Inner.l1
    if A.contextLife == .untilSwitch { m.clearContext(at: WorldSite.exit) }
    world.allocator.load(vcpu.pointee.state, of: vm.pointee.state, on: m)
    while true {
      Landmark.entry()
      let entry = world.allocator.prepareEntry(
        vcpu.pointee.state, of: vm.pointee.state, on: m)
      if !entry.tookFastPath { noteUser(of: entry.tag, owner, vm.pointee.slot, on: m) }
      // The run loop looks at the vCPU's requests. Interrupts were on until here: a call that came
      // meanwhile is answered before the last look.
      if A.makesCalls {
        _ = m.load(vcpu.pointee.need, .relaxed, at: WorldSite.requests)
        m.answerCalls()
      }
      let interrupts = m.maskInterrupts()
      left &-= 1
      if untilAbort.tick(&random) && world.mayAbort(isFirst: isFirst)
        || !world.allocator.mayEnter(vcpu.pointee.state, of: vm.pointee.state, on: m)
      {
        tally.aborted &+= 1
        world.allocator.entryAborted(vcpu.pointee.state, of: vm.pointee.state, on: m)
        m.restoreInterrupts(interrupts)
        if left > 0 { continue }
        break
      }
      let late = world.allocator.lateID(of: vcpu.pointee.state, of: vm.pointee.state, on: m)
      if isFirst && world.contextOutlives(isLast: true) { fillFromOldContext(on: m) }
      flushAtEntry(entry.flush, late.tag, on: m)
      m.install(
        GuestContext(
          table: vm.pointee.table, tag: late.tag, slot: vm.pointee.slot, owner: owner,
          vcpu: UInt32(truncatingIfNeeded: vcpu.pointee.number),
          isStale: entry.flush == .everythingOnceInstalled,
          inner: world.innerContext(vm.pointee.slot, inner),
          tablePages: A.keepsTables ? vm.pointee.tablePages : nil),
        at: WorldSite.install)
      if entry.flush == .everythingOnceInstalled {
        m.invalidate(.everything, on: .thisPCPU, at: WorldSite.install)
      }
      if A.encrypts { m.touchMemory(under: late.tag) }
      oracles.judge(
        late, published: entry.tag, flushed: entry.flush != .nothing,
        previousGeneration: generation, highestTag: knobs.highestTag, &tally, on: m)
      generation = late.generation
      let residence = Tag(late.tag.number & knobs.hardwareTagMask)
      oracles.entered(
        vm.pointee.slot, residence, sample: isFirst ? pcpuToSample(on: m) : nil, &tally, on: m)

      tally.entries &+= 1
      if entry.tookFastPath {
        tally.fastEntries &+= 1
        if !isFirst { tally.reentries &+= 1 }
      }
      isFirst = false
      blocked =
        A.nests && world.nests
        ? runInner(inner, index, owner, &tally, on: m)
        : runGuest(vcpu, vm, owner, stay, &tally, on: m)
      stay = .ordinary

      oracles.left(vm.pointee.slot, residence)
      let isLast = blocked || left <= 0
      if !world.contextOutlives(isLast: isLast) {
        m.clearContext(at: WorldSite.exit)
      } else if !knobs.putBeforeContextDead {
        m.leaveGuest(at: WorldSite.exit)
      }
      world.allocator.exited(vcpu.pointee.state, of: vm.pointee.state, on: m)
      m.restoreInterrupts(interrupts)
      if A.nests && world.nests { inner = handleExit(of: inner, index, on: m) }
      if isLast { break }
    }
    m.write(vcpu.pointee.lastGeneration, generation)
    endSlice(vcpu, vm, blocked: blocked, &tally, on: m)
  }

  /// What the entry instruction flushes is of this pCPU.
  @inline(__always)
  private func flushAtEntry(_ flush: Entry.Flush, _ tag: Tag, on m: A.M) {
    switch flush {
    case .nothing, .everythingOnceInstalled: break
    case .thisTag: m.invalidate(.tag(tag), on: .thisPCPU, at: WorldSite.install)
    case .everything: m.invalidate(.everything, on: .thisPCPU, at: WorldSite.install)
    }
  }

  /// The old context was live while the new tag was decided, and could fill.
  @inline(__always)
  private mutating func fillFromOldContext(on m: A.M) {
    if untilSpeculation.tick(&random) { m.speculate(randomPage(), at: WorldSite.speculate) }
  }

  @inline(__always)
  private mutating func drawEntries() -> Int {
    let low = knobs.entriesPerSliceLow
    let span = UInt64(knobs.entriesPerSliceHigh &- low &+ 1)
    return low &+ Int(truncatingIfNeeded: random.below(span))
  }

  /// One other pCPU in turn; nil if there is none.
  @inline(__always)
  private mutating func pcpuToSample(on m: A.M) -> PCPU? {
    if m.pcpuCount == 1 { return nil }
    nextToSample &+= 1
    if nextToSample >= m.pcpuCount { nextToSample = 0 }
    if nextToSample == m.pcpu.index {
      nextToSample &+= 1
      if nextToSample >= m.pcpuCount { nextToSample = 0 }
    }
    return PCPU(nextToSample)
  }

  /// Notes who has the tag, and whether the VM that had it before is dead. After a slow path only.
  @inline(never)
  private mutating func noteUser(
    of tag: Tag, _ owner: VMIdentity, _ slot: VMSlot, on m: A.M
  ) {
    if tag == .undecided { return }
    let word = world.parts.value.lastUser[Int(truncatingIfNeeded: tag.number)]
    let user = UInt64(truncatingIfNeeded: slot.index &+ 1) &<< 32 | UInt64(owner)
    let earlier = m.observe(word)
    if earlier == user { return }
    m.store(word, user, .relaxed, at: WorldSite.work)
    guard earlier != 0 else { return }
    let livesThereNow = m.observe(world.vms[Int(earlier &>> 32) &- 1].identity)
    if livesThereNow != earlier & 0xFFFF_FFFF { m.note(.deadVMTagReused) }
  }

  /// What is left to do when the guest has been left and before the vCPU is put.
  @inline(__always)
  private mutating func endSlice(
    _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>, _ vm: UnsafeMutablePointer<VMPlace<A>>,
    blocked: Bool, _ tally: inout SliceTally, on m: A.M
  ) {
    let here = UInt64(truncatingIfNeeded: m.pcpu.index &+ 1)
    let before = m.read(vcpu.pointee.lastPCPU)
    if before != here {
      if before != 0 { m.note(.migrations) }
      m.write(vcpu.pointee.lastPCPU, here)
    }
    if blocked { m.note(.blocks) }
    tally.add(to: m, judgesO1: oracles.parts.value.vmsHaveOneTag)
    if tally.messagesSent != 0 {
      _ = m.add(vm.pointee.workLeft, 0 &- tally.messagesSent, .relaxed, at: WorldSite.work)
    }
    if untilUnmap.tick(&random) { unmap(vm, on: m) }
    if A.keepsTables, untilChange.tick(&random) { changeTables(vm, on: m) }
    if untilPin.tick(&random) { turnDevice(of: vm, on: m) }
  }
}
