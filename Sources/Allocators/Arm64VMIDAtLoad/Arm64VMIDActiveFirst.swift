// Will Deacon's alternative to v3, as he sketched it in his answer of 2021-08-03.

import Domain
import Machines

/// Sched-in makes the VM's id active first and looks at the generation afterwards; sched-out clears
/// the slot; a rollover bumps the generation first and looks at the slots afterwards. It takes nothing
/// away from them, so there is no compare-exchange, and 0 means "nobody" and nothing else.
///
/// Two writes and two reads crosswise: with a full barrier on both sides either the rollover sees
/// the id, or the sched-in sees the new generation. The barrier of the sched-in also orders it after
/// the store of the last sched-out, so this version needs no barrier of the context switch.
///
/// What the sketch leaves open is what a rollover makes of a slot whose id is older than the
/// generation that ends. Two pCPUs leave such ids there: one that is still in the guest since then,
/// and one that has just made an old id active and waits for the lock. The number of the first must
/// be kept; the number of the second may be another VM's by now. So a rollover notes the ids that it
/// keeps: the first pCPU's is among them, the second one's is not.
enum Arm64VMIDActiveFirst: Arm64VMIDAtLoadRules {
  @inline(__always)
  static func tryFastPath<M: Machine>(
    _ vm: M.Word, _ ids: Arm64VMID<M, Self>, on m: M
  ) -> Arm64VMID<M, Self>.SlowPathCause? {
    let id = m.load(vm, .relaxed, at: Arm64VMIDSites.fastID)
    m.store(ids.active[m.pcpu], id, .relaxed, at: Arm64VMIDActiveFirstSites.setActive)
    // Pairs with the barrier of `rollOver`.
    m.fence(.full, at: Arm64VMIDActiveFirstSites.setBarrier)
    let current = m.load(ids.generation, .relaxed, at: Arm64VMIDSites.fastGeneration)
    return ids.isOfGeneration(id, current) ? nil : .idIsOld
  }

  @inline(__always)
  static func leave<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {
    m.store(allocator.active[m.pcpu], 0, .relaxed, at: Arm64VMIDSites.leaveActive)
  }

  @inline(__always)
  static func idleSlot(marker: UInt64) -> UInt64 { 0 }

  static func rollOver<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) -> UInt64 {
    let next = allocator.bumpGeneration(on: m)
    // Pairs with the barrier of `tryFastPath`.
    m.fence(.full, at: Arm64VMIDActiveFirstSites.bumpBarrier)
    allocator.forgetNumbers(on: m)
    let ending = next &- allocator.firstGeneration
    for pcpu in 0..<allocator.active.count {
      let id = m.load(
        allocator.active[pcpu], .relaxed, at: Arm64VMIDActiveFirstSites.rolloverActive)
      let kept = idToKeep(active: id, ending: ending, pcpu, allocator, on: m)
      allocator.markInUse(Int(allocator.number(of: kept).number), on: m)
      m.write(allocator.reserved[pcpu], kept)
    }
    flushEverything(allocator, on: m)
    return next
  }

  /// What is reserved for a pCPU with `id` in its slot: the id, if it is of the generation that ends;
  /// what was reserved before, which may have been renewed, if the id was there at the last rollover
  /// already; nothing otherwise. Caller holds the lock.
  private static func idToKeep<M: Machine>(
    active id: UInt64, ending: UInt64, _ pcpu: Int, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> UInt64 {
    let noted = allocator.noted[pcpu]
    if allocator.isOfGeneration(id, ending) {
      m.write(noted, id)
      return id
    }
    if id != 0 && id == m.read(noted) {
      m.note(.reservedFallback)
      return m.read(allocator.reserved[pcpu])
    }
    m.write(noted, 0)
    return 0
  }

  static func notedCellCount(pcpus: Int) -> Int { pcpus }

  static var moreSites: [SiteDescription] { Arm64VMIDActiveFirstSites.table }
}

/// The sites that only this version has, behind those of load.
enum Arm64VMIDActiveFirstSites {
  static let setActive = Site(29)
  static let setBarrier = Site(30)
  static let bumpBarrier = Site(31)
  static let rolloverActive = Site(32)

  static let table: [SiteDescription] = [
    Arm64VMIDSites.row(setActive, "set-active", "store", "active[this]", "relaxed", "sched-in"),
    Arm64VMIDSites.row(setBarrier, "set-barrier", "fence", "-", "full", "sched-in"),
    Arm64VMIDSites.row(bumpBarrier, "bump-barrier", "fence", "-", "full", "rollover"),
    Arm64VMIDSites.row(
      rolloverActive, "rollover-active", "load", "active[each]", "relaxed", "rollover"),
  ]
}
