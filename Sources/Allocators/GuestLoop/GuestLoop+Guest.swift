// What a guest does between entry and exit: memory accesses, now and then a message.

import Domain
import Host
import Machines
import Oracles

extension GuestLoop {
  /// How long the guest stays in.
  enum Stay { case ordinary, long, veryLong, suspended }

  /// Some microseconds.
  private static var veryLongStayAccesses: Int { 1000 }

  /// The first entry of a slice may stay long: its tag has just been decided.
  @inline(__always)
  mutating func drawFirstStay(on m: A.M) -> Stay {
    if m.observe(phase) == RunPhase.pursuit, random.happensOnce(in: 4) { return .veryLong }
    if untilSuspension.tick(&random) { return .suspended }
    return untilLongStay.tick(&random) ? .long : .ordinary
  }

  /// Runs the guest once. Returns whether the vCPU blocks.
  @inline(__always)
  mutating func runGuest(
    _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>, _ vm: UnsafeMutablePointer<VMPlace<A>>,
    _ owner: VMIdentity, _ stay: Stay, _ tally: inout SliceTally, on m: A.M
  ) -> Bool {
    var accesses = knobs.accessesPerEntry
    if stay == .long { accesses = knobs.longStayAccesses }
    if stay == .veryLong { accesses = Self.veryLongStayAccesses }
    if untilSpeculation.tick(&random) { m.speculate(randomPage(), at: WorldSite.speculate) }
    var draw: UInt64 = 0
    for step in 0..<accesses {
      // A call throws the guest out.
      if A.makesCalls, m.isCalled { return false }
      // Four pages from one draw.
      draw = step & 3 == 0 ? random.next() : draw &>> 16
      let page = ((draw & 0xFFFF) &* UInt64(truncatingIfNeeded: knobs.pagesPerVM)) &>> 16
      if A.keepsTables {
        accessTables(page, writes: draw & 1 == 0, vcpu, vm, owner, &tally, on: m)
      } else {
        access(page, vcpu, vm, owner, &tally, on: m)
      }
    }
    if stay == .suspended { stayWhileOthersRollOver(on: m) }
    if untilMessage.tick(&random) { return passMessage(vcpu, vm, &tally, on: m) }
    return false
  }

  /// One memory access through the TLB.
  @inline(__always)
  private mutating func access(
    _ page: UInt64, _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>,
    _ vm: UnsafeMutablePointer<VMPlace<A>>, _ owner: VMIdentity, _ tally: inout SliceTally,
    on m: A.M
  ) {
    let oldestValid = oracles.oldestValid(vm.pointee.slot, page: page)
    let translation = m.translate(page, at: WorldSite.access)
    switch translation.outcome {
    case .hit: tally.hits &+= 1
    case .fill: tally.fills &+= 1
    case .fault:
      tally.faults &+= 1
      map(page, vm, on: m)
      return
    }
    oracles.judge(
      translation, for: owner, vcpu: UInt32(truncatingIfNeeded: vcpu.pointee.number),
      oldestValid: oldestValid, &tally, on: m)
  }

  @inline(__always)
  mutating func randomPage() -> UInt64 {
    random.below(UInt64(truncatingIfNeeded: knobs.pagesPerVM))
  }

  /// A pCPU in suspended animation: it stays in the guest, context live, while the others roll
  /// over at least twice, or until they no longer do.
  @inline(never)
  private mutating func stayWhileOthersRollOver(on m: A.M) {
    m.note(.suspensions)
    let until = m.observeFlushes() &+ 2 &+ random.below(3)
    for _ in 0..<200 {
      if m.observeFlushes() >= until || m.observe(phase) == RunPhase.over { return }
      if A.makesCalls, m.isCalled { return }
      for _ in 0..<20 { spinHint() }
      yieldCore()
    }
  }

  // MARK: Messages

  /// hackbench's part: senders fill a channel, receivers empty it, and whoever cannot go on blocks.
  /// Returns whether the vCPU blocks.
  @inline(__always)
  func passMessage(
    _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>, _ vm: UnsafeMutablePointer<VMPlace<A>>,
    _ tally: inout SliceTally, on m: A.M
  ) -> Bool {
    let channel = vm.pointee.channels[vcpu.pointee.channel]
    let waiting = m.load(channel, .relaxed, at: WorldSite.message)
    let full = UInt64(truncatingIfNeeded: knobs.channelCapacity)
    switch vcpu.pointee.role {
    case .loner:
      tally.messagesSent &+= 1
      return false
    case .sender:
      if waiting >= full { return block(vcpu, on: Need.space, on: m) }
      if move(channel, from: waiting, to: waiting &+ 1, on: m) { tally.messagesSent &+= 1 }
    case .receiver:
      if waiting == 0 { return block(vcpu, on: Need.message, on: m) }
      if move(channel, from: waiting, to: waiting &- 1, on: m) { tally.messages &+= 1 }
    }
    return false
  }

  /// Moves a channel's count; false if another vCPU of the group was faster.
  @inline(__always)
  private func move(_ channel: A.M.Word, from old: UInt64, to new: UInt64, on m: A.M) -> Bool {
    m.compareExchange(
      channel, expected: old, desired: new, .relaxed, failure: .relaxed, at: WorldSite.message)
      == old
  }

  /// Says what the vCPU waits for. It stays claimed until it is put, so nobody acts on it before.
  @inline(__always)
  private func block(
    _ vcpu: UnsafeMutablePointer<VCPUPlace<A>>, on need: UInt64, on m: A.M
  ) -> Bool {
    m.store(vcpu.pointee.need, need, .relaxed, at: WorldSite.message)
    return true
  }
}
