// Footprints: every touch of an object goes into the fingerprint of the execution and, if it is
// recorded, into its trace.

import Domain
import Machines

extension EngineState {
  /// The step that `agent` takes touches `object`.
  ///
  /// A touch's hash takes in the hash of the same agent's previous touch, that of the last write to
  /// the object and, if it writes, those of all reads since: the happens-before relation and nothing
  /// else. The sum over all touches does not depend on the order of independent ones.
  @inline(__always)
  mutating func touch(_ object: Int, writes: Bool, by agent: Int) {
    let place = history + object
    let own = agentHashes + agent
    let salt = UInt64(truncatingIfNeeded: object) &<< 1 | (writes ? 1 : 0)
    var hash = EngineState.fold(own.pointee.write ^ salt, place.pointee.write ^ Self.firstKey)
    if writes {
      hash = EngineState.fold(hash ^ Self.secondKey, place.pointee.reads ^ Self.thirdKey)
      place.pointee.write = hash
      place.pointee.reads = 0
    } else {
      place.pointee.reads &+= hash
    }
    own.pointee.write = hash
    fingerprint.low &+= hash
    if isDetailed { keep(object, writes, place, own, salt) }
  }

  /// What is not wanted of every execution.
  @inline(never)
  private mutating func keep(
    _ object: Int, _ writes: Bool, _ place: UnsafeMutablePointer<History>,
    _ own: UnsafeMutablePointer<History>, _ salt: UInt64
  ) {
    if isWide { touchWide(place, own, salt, writes) }
    if isRecording {
      if touchCount == touchCapacity {
        // Judged no further: what is not recorded, a search would not know of.
        if !isOver { end(.stepLimit) }
        return
      }
      touches[touchCount] = Touch(object, writes: writes)
      touchCount &+= 1
    }
  }

  /// The second lane: the same shape, other constants.
  private mutating func touchWide(
    _ place: UnsafeMutablePointer<History>, _ own: UnsafeMutablePointer<History>,
    _ salt: UInt64, _ writes: Bool
  ) {
    var hash = EngineState.fold(own.pointee.write2 ^ salt, place.pointee.write2 ^ Self.thirdKey)
    if writes {
      hash = EngineState.fold(hash ^ Self.firstKey, place.pointee.reads2 ^ Self.secondKey)
      place.pointee.write2 = hash
      place.pointee.reads2 = 0
    } else {
      place.pointee.reads2 &+= hash
    }
    own.pointee.write2 = hash
    fingerprint.high &+= hash
  }

  /// What an agent does without touching anything, but that makes a difference to it: a choice.
  mutating func absorb(_ value: UInt64, by agent: Int) {
    let own = agentHashes + agent
    own.pointee.write = EngineState.mix(own.pointee.write ^ value &+ 1)
    own.pointee.write2 = EngineState.mix(own.pointee.write2 &+ value &+ 3)
    fingerprint.low &+= own.pointee.write
    if isWide { fingerprint.high &+= own.pointee.write2 }
  }

  // Odd numbers without a pattern, so that a zero does not make a product zero.
  static let firstKey: UInt64 = 0x9E37_79B9_7F4A_7C15
  static let secondKey: UInt64 = 0xD6E8_FEB8_6659_FD93
  static let thirdKey: UInt64 = 0xC2B2_AE3D_27D4_EB4F

  /// Mixes two numbers into one: the halves of their product, folded. One multiplication.
  @inline(__always)
  static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  /// Spreads every bit.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 { fold(value ^ firstKey, secondKey) }

  /// Adds a step to the trace hash: who, what, where, to which object, and the value.
  @inline(__always)
  mutating func hashStep(_ agent: Int, _ bits: UInt64, _ value: UInt64) {
    traceHash = EngineState.fold(
      traceHash ^ bits &+ UInt64(truncatingIfNeeded: agent) &<< 56 ^ Self.firstKey,
      value ^ Self.secondKey &+ traceHash)
  }

  /// Puts a step into the trace. Its touches follow.
  @inline(__always)
  mutating func record(
    _ agent: Int, _ bits: UInt64, _ a: UInt64, _ b: UInt64, before: UInt64
  ) {
    trace[steps] = TraceEvent(
      agent: Agent(agent), operation: ControlledOperation(bits: bits), a: a, b: b, result: 0,
      before: before, programStep: programSteps[agent % pcpuCount],
      firstTouch: Int32(touchCount), wasChosen: lastWasChosen, preempts: lastPreempts,
      enabled: lastEnabled)
  }
}
