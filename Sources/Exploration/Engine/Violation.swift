// What the exact oracles see in a controlled run: numbers only, made into a sentence when the
// execution has ended.

import Domain
import Machines

/// The first thing that was wrong in an execution.
public enum Violation: Equatable, Sendable {
  /// O1: `pcpu` entered a VM that `other` runs with another tag.
  case twoTags(pcpu: Int, other: Int)
  /// O2: `pcpu` entered with a tag that `other` runs another VM with.
  case twoVMs(pcpu: Int, other: Int)
  /// O3: the TLB of `pcpu` holds entries of two VMs under one tag.
  case twoOwners(pcpu: Int, tag: UInt64, owner: VMIdentity, other: VMIdentity)
  /// O4: a hit on an entry whose flush was complete.
  case staleHit(pcpu: Int, tag: UInt64, page: UInt64, version: UInt64, oldest: UInt64)
  /// O4: a guest used a translation from a walk through a table page that was freed.
  case foreignUse(pcpu: Int, tag: UInt64, page: UInt64)
  /// O4: a write through an entry that a complete flush has taken that right from.
  case revokedWrite(pcpu: Int, tag: UInt64, page: UInt64, version: UInt64, oldest: UInt64)
  /// O5: a rollover ended without a complete flush of its own.
  case noFlush(pcpu: Int)
  /// O6: a rollover of `pcpu` gave up the tag with which `running` was in the guest all the time.
  case lostTag(pcpu: Int, running: Int)
  /// O7: a tag out of range.
  case outOfRange(pcpu: Int, tag: UInt64)
  /// O8: the generation of a VM's id went back.
  case generationBack(pcpu: Int, from: UInt64, to: UInt64)
  /// O8: another tag was entered with than had been decided.
  case tagChanged(pcpu: Int, published: UInt64, entered: UInt64)
  /// O10: a flush of `pages` pages from `first` on, of entries of `level`, left page `missed`.
  case underCover(pcpu: Int, missed: UInt64, first: UInt64, pages: UInt64, level: Int)
  /// O11: a tag was given back that was free already.
  case freedTwice(pcpu: Int, tag: UInt64)
  /// O11: a tag was given back with which `user` is in a guest.
  case freedInUse(pcpu: Int, tag: UInt64, user: Int)
  /// O9: no tag was found for somebody, although nobody has `tag`.
  case tagLeft(pcpu: Int, tag: UInt64)
  /// O11: a tag was handed out while cache lines under its old key are in the cache of `holder`, or,
  /// for -1, on their way from a cache to memory.
  case linesLeft(pcpu: Int, tag: UInt64, holder: Int)
  /// O12: a vCPU used an entry that was made for another vCPU of its VM.
  case otherVCPU(pcpu: Int, tag: UInt64, vcpu: UInt64, other: UInt64)
  /// O13: `inner` of a VM used an entry that was made for `other` inside the same VM.
  case otherLevel(pcpu: Int, tag: UInt64, inner: Int, other: Int)
  /// O13: a hit on an entry that the VM's own hypervisor had flushed.
  case staleInner(
    pcpu: Int, tag: UInt64, inner: Int, page: UInt64, version: UInt64, oldest: UInt64)
  /// O14: `page` was taken out of the log of writes, which did not have it, and a guest had written it.
  case lostWrite(pcpu: Int, slot: Int, page: UInt64)
  /// O9: the allocator said that it can't go on.
  case bug(pcpu: Int, message: UInt64, length: UInt64, site: Site)
  /// O9: nobody can go on.
  case deadlock
  /// An unordered pair of accesses to plain memory, one of them a write.
  case race(pcpu: Int, cell: Int, other: Int, writes: Bool)

  /// Whose rule is broken.
  public var oracle: OracleID {
    switch self {
    case .twoTags: .o1
    case .twoVMs: .o2
    case .twoOwners: .o3
    case .staleHit, .foreignUse, .revokedWrite: .o4
    case .noFlush: .o5
    case .lostTag: .o6
    case .outOfRange: .o7
    case .generationBack, .tagChanged: .o8
    case .bug, .deadlock, .tagLeft: .o9
    case .underCover: .o10
    case .freedTwice, .freedInUse, .linesLeft: .o11
    case .otherVCPU: .o12
    case .otherLevel, .staleInner: .o13
    case .lostWrite: .o14
    case .race: .race
    }
  }
}

/// How an execution ended.
public enum Outcome: Equatable, Sendable {
  /// Every pCPU has run its program, and no oracle said anything.
  case finished
  /// An oracle has spoken; the execution stopped there.
  case violation(Violation)
  /// Neither pass nor fail: the execution took more steps than allowed.
  case stepLimit
  /// The strategy gave it up: what would follow is known.
  case abandoned
}
