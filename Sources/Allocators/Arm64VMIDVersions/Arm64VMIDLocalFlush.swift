// v2 of the series: the scheme of arm64's ASIDs, taken over as it stood.

import Domain
import Machines

/// A rollover flushes nothing; it notes for every pCPU that it has to. Each pCPU flushes its own TLB
/// when it next takes the lock, and until then it cannot get past the lock: its slot is empty.
///
/// Nothing but a pCPU's own slow path puts anything into its emptied slot, for nothing happens to
/// the slot when a vCPU is put. That keeps the scheme sound, and it is what was wrong with it: a
/// pCPU that ran a guest once keeps that guest's number at every rollover, for ever.
///
/// Shameer Kolothum, "kvm/arm: New VMID allocator based on asid(2nd approach)", v2, 2021-06-16,
/// <20210616155606.2806-1>.
protocol Arm64VMIDLocalFlush: Arm64VMIDRules {}

extension Arm64VMIDLocalFlush {
  static func pendingWordCount(pcpus: Int) -> Int { pcpus }

  /// Relaxed: whoever looks holds the lock, as the caller does.
  @inline(__always)
  static func flushEverything<M: Machine>(
    _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    for pcpu in 0..<allocator.flushPending.count {
      m.store(
        allocator.flushPending[pcpu], 1, .relaxed, at: Arm64VMIDLocalFlushSites.rolloverPend)
    }
  }

  /// The flush comes before the slot is filled again: once it is, the fast path is open.
  @inline(__always)
  static func publishAndUnlock<M: Machine>(
    _ id: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) {
    let pending = m.exchange(
      allocator.flushPending[m.pcpu], 0, .fullyOrdered, at: Arm64VMIDLocalFlushSites.slowPending)
    if pending != 0 {
      m.invalidate(.everything, on: .thisPCPU, at: Arm64VMIDLocalFlushSites.localFlush)
      m.waitForInvalidations(at: Arm64VMIDLocalFlushSites.localFlushWait)
    }
    m.store(allocator.active[m.pcpu], id, .relaxed, at: Arm64VMIDSites.slowActive)
    m.release(allocator.lock, at: Arm64VMIDSites.slowUnlock)
  }

  /// Nothing: the slot keeps what ran last.
  @inline(__always)
  static func leave<M: Machine>(_ allocator: Arm64VMID<M, Self>, on m: M) {}

  @inline(__always)
  static func idleSlot(marker: UInt64) -> UInt64 { 0 }

  /// A rollover returns before anything is flushed: O5 does not apply.
  static var oracles: Set<OracleID> { OracleID.common.subtracting([.o5]) }

  static var moreSites: [SiteDescription] { Arm64VMIDLocalFlushSites.table }
}

/// The allocator of v2.
enum Arm64VMIDv2: Arm64VMIDLocalFlush {}

/// The sites that v2 has beside those of the merged version.
enum Arm64VMIDLocalFlushSites {
  static let rolloverPend = Site(26)
  static let slowPending = Site(27)
  static let localFlush = Site(28)
  static let localFlushWait = Site(29)

  static let table: [SiteDescription] = [
    Arm64VMIDSites.row(
      rolloverPend, "rollover-pend", "store", "flush pending[each]", "relaxed", "flush_context"),
    Arm64VMIDSites.row(
      slowPending, "slow-pending", "exchange", "flush pending[this]", "fullyOrdered",
      "kvm_arm_vmid_update"),
    Arm64VMIDSites.row(
      localFlush, "local-flush", "invalidate", "everything", "-", "kvm_arm_vmid_update"),
    Arm64VMIDSites.row(
      localFlushWait, "local-flush-wait", "waitForInvalidations", "-", "-",
      "kvm_arm_vmid_update"),
  ]
}
