// What steps touch: the objects by which two steps depend on each other.

import Domain
import Machines

/// How the objects of a program are numbered: its words first, in the order of their creation, then
/// the hardware and what the oracles keep.
public struct ObjectNumbering: Sendable {
  /// Words, locks included.
  public let words: Int
  let pcpus: Int
  let slots: Int
  let tags: Int
  let threadsPerCore: Int
  let fabrics: Int

  /// The numbers of `program`.
  public init(_ program: ControlledProgram) {
    words = program.memory.wordNames.count
    pcpus = program.bodies.count
    slots = program.hardware.vmSlots
    tags = 1 << program.hardware.tagBits
    threadsPerCore = program.hardware.threadsPerCore
    fabrics = program.hardware.encrypts ? 1 : 0
  }

  /// The context register of a pCPU. Its own pCPU writes it; its fill agent and a rollover's oracle
  /// read it.
  @inline(__always) func context(_ pcpu: Int) -> Int { words &+ pcpu }
  /// The TLB of a pCPU: that of its core's first one.
  @inline(__always) func tlb(_ pcpu: Int) -> Int { words &+ pcpus &+ core(pcpu) }
  /// The first pCPU of those that share the TLB of `pcpu`.
  @inline(__always) func core(_ pcpu: Int) -> Int {
    threadsPerCore == 1 ? pcpu : pcpu &- pcpu % threadsPerCore
  }
  /// The invalidations that a pCPU has issued and that have not arrived everywhere.
  @inline(__always) func invalidations(_ pcpu: Int) -> Int { words &+ 2 &* pcpus &+ pcpu }
  /// The calls that a pCPU has made and that are not handled.
  @inline(__always) func calls(_ pcpu: Int) -> Int { words &+ 3 &* pcpus &+ pcpu }
  /// The invalidations on their way to the TLB of a pCPU: they arrive in the order of their issue.
  @inline(__always) func queue(_ pcpu: Int) -> Int { words &+ 4 &* pcpus &+ pcpu }
  /// Where a VM is in the guest, and with which tag: O1. Its completed flushes, too: O4.
  @inline(__always) func vm(_ slot: Int) -> Int { words &+ 5 &* pcpus &+ slot }
  /// Which VMs are in the guest with a tag: O2.
  @inline(__always) func tag(_ tag: Int) -> Int { words &+ 5 &* pcpus &+ slots &+ tag }

  /// What caches have written back, and what the firmware knows; where tags stand for keys. What is in
  /// a cache belongs to the context of its pCPU.
  @inline(__always) var fabric: Int { words &+ 5 &* pcpus &+ slots &+ tags }

  /// How many there are.
  public var count: Int { words + 5 * pcpus + slots + tags + fabrics }

  /// What `object` is called.
  public func name(_ object: Int, _ memory: ControlledMemory) -> String {
    if object < words { return memory.wordNames[object] }
    let hardware = object - words
    let pcpu = hardware % pcpus
    switch hardware / pcpus {
    case 0: return "context of pCPU \(pcpu)"
    case 1: return "TLB of pCPU \(pcpu)"
    case 2: return "invalidations of pCPU \(pcpu)"
    case 3: return "calls of pCPU \(pcpu)"
    case 4: return "invalidation queue of pCPU \(pcpu)"
    default:
      let rest = hardware - 5 * pcpus
      if rest == slots + tags { return "memory fabric" }
      return rest < slots ? "VM \(rest)" : "tag \(rest - slots)"
    }
  }
}

/// A step touches an object: number << 1 | 1 if it writes.
public struct Touch: Equatable, Sendable {
  /// The packed form.
  public let bits: UInt32

  /// A touch of `object`.
  @inlinable @inline(__always)
  init(_ object: Int, writes: Bool) {
    bits = UInt32(truncatingIfNeeded: object) &<< 1 | (writes ? 1 : 0)
  }

  /// The object's number.
  @inlinable @inline(__always) public var object: Int { Int(bits &>> 1) }
  /// Whether it is written.
  @inlinable @inline(__always) public var writes: Bool { bits & 1 != 0 }

  /// Whether the order of the two matters.
  @inlinable @inline(__always)
  public func conflicts(with other: Touch) -> Bool {
    bits &>> 1 == other.bits &>> 1 && (bits | other.bits) & 1 != 0
  }
}

/// One step of an execution, as it was recorded.
public struct TraceEvent: Sendable {
  /// Who took it.
  public let agent: Agent
  /// What was done.
  public let operation: ControlledOperation
  /// Its first operand.
  public let a: UInt64
  /// Its second operand.
  public let b: UInt64
  /// What it returned: the value read, the sum, the outcome of a translation.
  public internal(set) var result: UInt64
  /// What the word held before.
  public internal(set) var before: UInt64
  /// The step of the pCPU's program that it belongs to.
  public let programStep: Int32
  /// Where its touches begin in the trace's list.
  let firstTouch: Int32
  /// Whether somebody else could have gone instead.
  public let wasChosen: Bool
  /// Whether the pCPU that ran before could have gone on.
  public let preempts: Bool
  /// Who could have gone.
  public let enabled: AgentSet
}
