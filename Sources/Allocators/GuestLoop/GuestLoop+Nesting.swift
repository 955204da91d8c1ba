// Hypervisors in a live run: what L1 and its guests access, and what L1 does between.

import Domain
import Machines
import Oracles

extension GuestLoop {
  /// Who runs in a vCPU that is loaded: it may have been put while a guest of L1 ran.
  @inline(never)
  func innerRunning(_ index: Int, on m: A.M) -> Int {
    guard world.nests else { return Inner.l1 }
    return Int(m.read(world.innerState(InnerState.running, of: index)))
  }

  /// Runs L1, or a guest of it, once. Returns whether the vCPU blocks.
  @inline(never)
  mutating func runInner(
    _ inner: Int, _ index: Int, _ owner: VMIdentity, _ tally: inout SliceTally, on m: A.M
  ) -> Bool {
    if inner != Inner.l1 { m.note(.nestedEntries) }
    if untilSpeculation.tick(&random) { m.speculate(randomPage(), at: WorldSite.speculate) }
    for _ in 0..<knobs.accessesPerEntry {
      // A call throws the guest out.
      if A.makesCalls, m.isCalled { return false }
      access(Int(randomPage()), of: inner, index, owner, &tally, on: m)
    }
    guard untilMessage.tick(&random) else { return false }
    let vcpu = world.vcpus + index
    return passMessage(vcpu, world.vms + vcpu.pointee.vm, &tally, on: m)
  }

  /// One memory access through the TLB: O3, O4 and O12 as ever, O4 for the page of the VM that is meant;
  /// and O13.
  private mutating func access(
    _ page: Int, of inner: Int, _ index: Int, _ owner: VMIdentity, _ tally: inout SliceTally,
    on m: A.M
  ) {
    let vcpu = world.vcpus + index
    let vm = world.vms + vcpu.pointee.vm
    let pageOfVM = UInt64(world.pageOfVM(page, in: inner))
    let oldestValid = oracles.oldestValid(vm.pointee.slot, page: pageOfVM)
    let translation = m.translate(UInt64(page), at: WorldSite.access)
    switch translation.outcome {
    case .hit: tally.hits &+= 1
    case .fill: tally.fills &+= 1
    case .fault:
      tally.faults &+= 1
      map(pageOfVM, vm, on: m)
      return
    }
    guard let used = m.observeInner(of: UInt64(page)) else { return }
    if translation.owner == owner {
      oracles.judge(
        used, expected: inner,
        oldest: m.read(world.promisedVersion(index, inner, page)), on: m)
    }
    // An entry of somebody else inside the VM need not be one of this page.
    if used.inner == inner || translation.owner != owner {
      oracles.judge(
        translation.ofVCPU, for: owner, vcpu: UInt32(truncatingIfNeeded: vcpu.pointee.number),
        oldestValid: oldestValid, &tally, on: m)
    }
  }

  // MARK: Between two entries

  /// `inner` of the vCPU was left: by a guest of L1 for the host's sake or for L1's, by L1 now and then
  /// because it runs a guest. Returns who goes on.
  @inline(never)
  mutating func handleExit(of inner: Int, _ index: Int, on m: A.M) -> Int {
    if inner != Inner.l1 {
      if random.happensOnce(in: 2) { return inner }
      world.exitNested(index, on: m)
      return Inner.l1
    }
    guard untilNested.tick(&random) else { return inner }
    changeAndFlush(index, on: m)
    // That was all that L1 wanted.
    if random.happensOnce(in: 2) { return Inner.l1 }
    let guest = Inner.guests.lowerBound + Int(random.below(UInt64(Inner.guests.count)))
    if random.happensOnce(in: 8) { world.renew(guest, in: index, on: m) }
    world.enterNested(index, guest, drawControl(), on: m) { inner, page, version in
      m.write(world.promisedVersion(index, inner, page), version)
    }
    // An interrupt for L1 comes before its guest.
    guard random.happensOnce(in: 8) else { return guest }
    world.exitNested(index, on: m)
    return Inner.l1
  }

  /// L1 changes a few entries of one of its tables, and invalidates them, or will flush later.
  private mutating func changeAndFlush(_ index: Int, on m: A.M) {
    let inner = Int(random.below(UInt64(Inner.count)))
    let invalidates = random.happensOnce(in: 2)
    for _ in 0...random.below(4) {
      let page = Int(randomPage())
      world.edit(index, inner, page, on: m)
      if !invalidates { continue }
      let version = world.invalidate(index, inner, page, on: m)
      m.write(world.promisedVersion(index, inner, page), version)
    }
  }

  private mutating func drawControl() -> TLBControl {
    switch random.below(16) {
    case 0: .everything
    case 1, 2: .thisASID
    default: .nothing
    }
  }
}
