// Who runs next. A run queue that is polled: a blocked vCPU becomes claimable by itself as soon as
// what it waits for is there, so there is no wake-up to lose.

import Domain
import Machines

extension World {
  /// Whether the context stays live when the guest is left, for the last time in its slice or not.
  @inline(__always)
  func contextOutlives(isLast: Bool) -> Bool {
    A.contextLife != .untilExit || isLast && (knobs.putBeforeContextDead || knobs.directSwitch)
  }

  /// Whether something may come between the decision and the entry, so that the entry is not made. A
  /// switch of processes is not over before the new context is installed.
  @inline(__always)
  func mayAbort(isFirst: Bool) -> Bool { A.contextLife == .untilExit || !isFirst }

  /// Looks at this many vCPUs before it gives up for now.
  @inline(__always) static var looksPerClaim: Int { 64 }

  /// Claims a vCPU that can run; nil if the ones looked at can't. Starts at a random one of this
  /// pCPU's own, or of all if the vCPU is to migrate; if that one is taken or blocked, its
  /// neighbours are looked at.
  ///
  /// Acquire: pairs with the release in `handBack`. Whoever ran the vCPU last has put it.
  @inline(__always)
  func claimAny(migrates: Bool, _ random: inout RandomStream, on m: A.M) -> Int? {
    var index = Int(truncatingIfNeeded: random.below(UInt64(vcpuCount)))
    if !migrates {
      index = index &- index % m.pcpuCount &+ m.pcpu.index
      if index >= vcpuCount { index = 0 }
    }
    for _ in 0..<min(vcpuCount, Self.looksPerClaim) {
      if tryClaim(index, on: m) { return index }
      index &+= 1
      if index == vcpuCount { index = 0 }
    }
    return nil
  }

  /// Claims this vCPU if it is free and can run.
  @inline(__always)
  func tryClaim(_ index: Int, on m: A.M) -> Bool {
    let vcpu = vcpus + index
    guard m.load(vcpu.pointee.claim, .relaxed, at: WorldSite.claim) == VCPUClaim.free,
      canRun(vcpu, on: m)
    else { return false }
    let isMine =
      m.compareExchange(
        vcpu.pointee.claim, expected: VCPUClaim.free, desired: VCPUClaim.taken, .acquire,
        failure: .relaxed, at: WorldSite.claim) == VCPUClaim.free
    if isMine, m.load(vcpu.pointee.need, .relaxed, at: WorldSite.claim) != Need.nothing {
      m.store(vcpu.pointee.need, Need.nothing, .relaxed, at: WorldSite.claim)
      m.note(.wakes)
    }
    return isMine
  }

  /// Whether what the vCPU waits for is there. Those of an ended VM can: they retire.
  @inline(__always)
  func canRun(_ vcpu: UnsafeMutablePointer<VCPUPlace<A>>, on m: A.M) -> Bool {
    let need = m.load(vcpu.pointee.need, .relaxed, at: WorldSite.claim)
    if need == Need.nothing { return true }
    let vm = vms + vcpu.pointee.vm
    if hasEnded(vm, on: m) { return true }
    let messages = m.load(
      vm.pointee.channels[vcpu.pointee.channel], .relaxed, at: WorldSite.claim)
    return need == Need.message
      ? messages > 0 : messages < UInt64(truncatingIfNeeded: knobs.channelCapacity)
  }

  /// Gives a vCPU back that was put. Release: hands it over to who claims it next. A plain store on
  /// x86: it comes after `put`, where a locked instruction would hide races.
  @inline(__always)
  func handBack(_ index: Int, on m: A.M) {
    m.store(vcpus[index].claim, VCPUClaim.free, .release, at: WorldSite.handOver)
  }

  /// Whether the VM has done its work.
  @inline(__always)
  func hasEnded(_ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) -> Bool {
    Int64(bitPattern: m.load(vm.pointee.workLeft, .relaxed, at: WorldSite.work)) <= 0
  }
}
