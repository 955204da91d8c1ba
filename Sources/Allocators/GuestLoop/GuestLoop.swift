// The life of a live pCPU: slice after slice, as KVM's run loop does it.
//
//   claim the next vCPU -> put the current one -> barrier of the context switch -> load
//     -> (prepare -> late tag -> install -> guest -> context dead), once or more -> claim ...
//
// The harness must not hide the races that it hunts. From `put`'s store to the loads of the next
// `prepareEntry` there is no locked instruction, no fence, no lock, no system call and no reference
// count, unless the scenario's context-switch barrier stands there: each of them drains the store
// buffer, and with it the only window in which ACTIVE_INVALID can land over a rollover's 0. That
// is why the next vCPU is claimed before the current one is put. `StraightCodeTests` holds the
// machine code to it.

import Domain
import Host
import Machines
import Oracles

/// How far a run is. It never goes back.
enum RunPhase {
  static let ordinary: UInt64 = 0
  /// An oracle has seen a bug. Until the run ends one guest in four stays in for long: what was seen first is
  /// often a consequence, and two VMs that are in the guest with one number say it best.
  static let pursuit: UInt64 = 1
  static let over: UInt64 = 2
}

/// What one pCPU needs to run guests, and its own state. Lives on its thread's stack.
struct GuestLoop<A: TagAllocator> where A.M: GuestMachine {
  let world: World<A>
  let knobs: WorldKnobs
  let oracles: LiveOracles
  /// A `RunPhase`.
  let phase: A.M.Word
  /// The vCPUs to run in turn; empty: any that can.
  let script: UnsafeBufferPointer<Int>
  var scriptPosition = 0
  var random: RandomStream
  var untilLongStay: Countdown
  var untilMessage: Countdown
  var untilSpeculation: Countdown
  var untilAbort: Countdown
  var untilUnmap: Countdown
  var untilChange: Countdown
  var untilSuspension: Countdown
  var untilPin: Countdown
  var untilNested: Countdown
  var untilMigration: Countdown
  var untilOffline: Countdown
  /// The pCPU that the next sampling check looks at.
  var nextToSample = 0
  /// Frames taken from VMs and not given to others yet.
  var spareFrames = SpareFrames()

  init(
    _ world: World<A>, _ oracles: LiveOracles, phase: A.M.Word,
    script: UnsafeBufferPointer<Int>, seed: Seed
  ) {
    self.world = world
    self.knobs = world.knobs
    self.oracles = oracles
    self.phase = phase
    self.script = script
    var random = RandomStream(seed)
    untilLongStay = Countdown(every: knobs.longStayEvery, &random)
    untilMessage = Countdown(every: knobs.messageEvery, &random)
    untilSpeculation = Countdown(every: knobs.speculateEvery, &random)
    // An interrupt is pending at the last look: the entry is not made.
    untilAbort = Countdown(every: 64, &random)
    untilUnmap = Countdown(every: A.keepsTables ? 0 : knobs.unmapEvery, &random)
    untilChange = Countdown(every: A.keepsTables ? knobs.changeEvery : 0, &random)
    untilSuspension = Countdown(every: knobs.suspendEvery, &random)
    untilMigration = Countdown(every: knobs.migrateEvery, &random)
    untilOffline = Countdown(every: knobs.offlineEvery, &random)
    untilPin = Countdown(every: knobs.pinEvery, &random)
    untilNested = Countdown(every: knobs.nestedEvery, &random)
    self.random = random
  }

  /// Runs guests until the run is over.
  @inline(__always)
  mutating func run(on m: A.M) {
    var current: Int? = nil
    while m.observe(phase) < RunPhase.over {
      var next = knobs.claimAfterPut ? nil : claimNext(on: m)
      if let leaving = current { putAndHandBack(leaving, on: m) }
      if knobs.contextSwitchBarrier {
        Landmark.detour()
        m.fence(.contextSwitch, at: WorldSite.contextSwitch)
      }
      if untilOffline.tick(&random) {
        Landmark.detour()
        goOffline(on: m)
      }
      if next == nil {
        Landmark.detour()
        next = waitForWork(on: m)
      }
      current = next
      if let next { runSlice(of: next, on: m) }
    }
    Landmark.detour()
    if let current { putAndHandBack(current, on: m) }
    if A.makesCalls { m.answerUntilAllEnd() }
  }

  /// Takes the vCPU off this pCPU. The hardware context is dead already, unless the scenario turns
  /// the two halves round.
  @inline(__always)
  private mutating func putAndHandBack(_ index: Int, on m: A.M) {
    let vcpu = world.vcpus + index
    if !knobs.directSwitch {
      world.allocator.put(vcpu.pointee.state, of: world.vms[vcpu.pointee.vm].state, on: m)
    }
    Landmark.put()
    if knobs.putBeforeContextDead {
      Landmark.detour()
      killContextLate(on: m)
    }
    world.handBack(index, on: m)
  }

  /// The second half of an unsafe sched-out: the context was live all the time, and what a live
  /// context may do is fill, again and again.
  @inline(never)
  private mutating func killContextLate(on m: A.M) {
    for _ in 0..<8 { m.speculate(randomPage(), at: WorldSite.speculate) }
    m.clearContext(at: WorldSite.exit)
  }

  /// Nothing is loaded here: the pCPU goes offline and comes back. Calls still reach it, as the
  /// kernel's would wait for it to be gone.
  @inline(never)
  private mutating func goOffline(on m: A.M) {
    m.note(.offlines)
    m.setOnline(false, at: WorldSite.hotplug)
    for _ in 0..<random.below(200) {
      if A.makesCalls { m.answerCalls() }
      yieldCore()
    }
    m.setOnline(true, at: WorldSite.hotplug)
  }

  // MARK: Who is next

  @inline(__always)
  private mutating func claimNext(on m: A.M) -> Int? {
    if A.creationMayFail { world.fillEmptyPlace(&random, on: m) }
    while true {
      let index =
        script.isEmpty
        ? world.claimAny(migrates: untilMigration.tick(&random), &random, on: m)
        : claimScripted(on: m)
      guard let index else { return nil }
      if !world.hasEnded(world.vms + world.vcpus[index].vm, on: m) { return index }
      // What a device shares ends with its owner.
      if knobs.pinEvery > 0 { detach(world.vms + world.vcpus[index].vm, on: m) }
      world.retire(index, on: m)
    }
  }

  /// The next vCPU of the script that can be claimed.
  @inline(__always)
  private mutating func claimScripted(on m: A.M) -> Int? {
    for _ in 0..<script.count {
      let index = script[scriptPosition]
      scriptPosition &+= 1
      if scriptPosition == script.count { scriptPosition = 0 }
      if world.tryClaim(index, on: m) { return index }
    }
    return nil
  }

  /// Nothing is loaded here: looks for work until there is some. nil when the run is over.
  @inline(never)
  private mutating func waitForWork(on m: A.M) -> Int? {
    // Where a context outlives its guest, or its put, a number is rightly kept for it.
    let countsAsIdle = A.contextLife == .untilExit && !knobs.directSwitch
    if countsAsIdle { m.turnsIdle(true) }
    defer { if countsAsIdle { m.turnsIdle(false) } }
    while m.observe(phase) < RunPhase.over {
      if let index = claimNext(on: m) { return index }
      m.note(.idlePolls)
      if A.makesCalls { m.answerCalls() }
      yieldCore()
    }
    return nil
  }
}
