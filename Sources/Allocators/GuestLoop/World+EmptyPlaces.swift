// Places without a VM, in live runs of systems in which creating one may fail. The place's vCPUs stay
// retired; now and then somebody tries again.

import Domain
import Machines

extension World {
  /// Creates a VM in a place that has none, whose vCPUs are all retired.
  func createOrLeaveEmpty(_ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) {
    do {
      try create(vm, on: m)
    } catch {
      guard A.creationMayFail else { m.bug("no tag for a new VM", at: WorldSite.churn) }
      m.note(.creationsFailed)
      leaveEmpty(vm.pointee.slot, on: m)
    }
  }

  /// Nobody lives at `slot` from here on. Release: hands the place over to who tries next.
  func leaveEmpty(_ slot: VMSlot, on m: A.M) {
    let first = slot.index * knobs.vcpusPerVM
    for index in first..<(first + knobs.vcpusPerVM) {
      m.store(vcpus[index].claim, VCPUClaim.retired, .relaxed, at: WorldSite.churn)
    }
    _ = m.add(parts.value.emptyCount[0], 1, .relaxed, at: WorldSite.churn)
    m.store(parts.value.emptiness[slot.index], 1, .release, at: WorldSite.churn)
  }

  /// If there are empty places, tries now and then to create a VM in one of them.
  @inline(__always)
  func fillEmptyPlace(_ random: inout RandomStream, on m: A.M) {
    if m.observe(parts.value.emptyCount[0]) == 0 { return }
    if random.happensOnce(in: 8) {
      tryToFill(from: Int(truncatingIfNeeded: random.below(UInt64(knobs.vms))), on: m)
    }
  }

  /// The first empty place from `start` on that nobody else is about.
  ///
  /// Acquire: pairs with the release of `leaveEmpty`.
  @inline(never)
  private func tryToFill(from start: Int, on m: A.M) {
    for step in 0..<knobs.vms {
      let index = (start + step) % knobs.vms
      let word = parts.value.emptiness[index]
      guard m.load(word, .relaxed, at: WorldSite.churn) == 1,
        m.compareExchange(
          word, expected: 1, desired: 0, .acquire, failure: .relaxed, at: WorldSite.churn) == 1
      else { continue }
      _ = m.add(parts.value.emptyCount[0], 0 &- 1, .relaxed, at: WorldSite.churn)
      return createOrLeaveEmpty(vms + index, on: m)
    }
  }
}
