// Who takes steps: the pCPUs, and beside each of them what its hardware does by itself.

import Domain

/// Something that takes steps in a schedule. A small number: pCPUs first, then for each pCPU the
/// arrival of an invalidation, an unasked fill, and the arrival of an interrupt.
public struct Agent: Hashable, Sendable {
  /// Its number, below 32.
  public let number: Int

  /// The agent `number`.
  @inlinable @inline(__always) public init(_ number: Int) { self.number = number }

  /// What an agent is.
  public enum Role: Int, Sendable, CaseIterable {
    case pcpu, invalidation, fill, interrupt
  }

  /// What it is, with `pcpuCount` pCPUs.
  public func role(pcpuCount: Int) -> Role {
    Role(rawValue: number / pcpuCount).unsafelyUnwrapped
  }

  /// The pCPU that it is or belongs to.
  public func pcpu(pcpuCount: Int) -> PCPU { PCPU(number % pcpuCount) }

  /// As replay files and stories name it: `pcpu1`, `pcpu1.fill`.
  public func name(pcpuCount: Int) -> String {
    let pcpu = "pcpu\(number % pcpuCount)"
    switch role(pcpuCount: pcpuCount) {
    case .pcpu: return pcpu
    case .invalidation: return "\(pcpu).invalidation"
    case .fill: return "\(pcpu).fill"
    case .interrupt: return "\(pcpu).interrupt"
    }
  }

  /// The agent called `name`; nil if there is none.
  public init?(named name: String, pcpuCount: Int) {
    for number in 0..<(pcpuCount * Role.allCases.count)
    where Agent(number).name(pcpuCount: pcpuCount) == name {
      self.init(number)
      return
    }
    return nil
  }
}

/// A set of agents: a bit each.
public struct AgentSet: Equatable, Sendable {
  /// One bit per agent.
  public var bits: UInt64

  /// The set of these bits.
  @inlinable @inline(__always) public init(bits: UInt64) { self.bits = bits }

  /// How many there are.
  @inlinable @inline(__always) public var count: Int { bits.nonzeroBitCount }
  /// Whether there is none.
  @inlinable @inline(__always) public var isEmpty: Bool { bits == 0 }

  /// Whether `agent` is among them.
  @inlinable @inline(__always)
  public func contains(_ agent: Int) -> Bool {
    bits &>> UInt64(truncatingIfNeeded: agent) & 1 != 0
  }

  /// Adds `agent`.
  @inlinable @inline(__always)
  public mutating func insert(_ agent: Int) {
    bits |= 1 &<< UInt64(truncatingIfNeeded: agent)
  }

  /// Takes `agent` out.
  @inlinable @inline(__always)
  public mutating func remove(_ agent: Int) {
    bits &= ~(1 &<< UInt64(truncatingIfNeeded: agent))
  }

  /// The lowest agent; the set is not empty.
  @inlinable @inline(__always) public var first: Int { bits.trailingZeroBitCount }

  /// The agent at `position` of the set, in ascending order; `position` is below `count`.
  @inlinable @inline(__always)
  public func member(_ position: Int) -> Int {
    // The first two without a branch: which one it is cannot be predicted.
    var rest = bits
    rest = position > 0 ? rest & (rest &- 1) : rest
    rest = position > 1 ? rest & (rest &- 1) : rest
    if position > 2 { for _ in 2..<position { rest &= rest &- 1 } }
    return rest.trailingZeroBitCount
  }

  /// One of them, each equally likely, from 32 random bits; the set is not empty.
  ///
  /// Up to three without counting and without a branch: neither how many there are nor which one it
  /// is can be predicted, and counting bits is no single instruction on every x86-64.
  @inlinable @inline(__always)
  public func drawn(by bits32: UInt64) -> Int {
    let second = bits & (bits &- 1)
    let third = second & (second &- 1)
    if third & (third &- 1) != 0 {
      return member(Int(truncatingIfNeeded: (bits32 &* UInt64(count)) &>> 32))
    }
    let few: UInt64 = 1 &+ (second == 0 ? 0 : 1) &+ (third == 0 ? 0 : 1)
    let position = (bits32 &* few) &>> 32
    let atLeastSecond = position == 0 ? bits : second
    return (position > 1 ? third : atLeastSecond).trailingZeroBitCount
  }

  /// Calls `body` for each agent, ascending.
  @inlinable @inline(__always)
  public func forEach(_ body: (Int) -> Void) {
    var rest = bits
    while rest != 0 {
      body(rest.trailingZeroBitCount)
      rest &= rest &- 1
    }
  }
}
