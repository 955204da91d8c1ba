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
    var hash = own.pointee.write ^ salt &* 0x9E37_79B9_7F4A_7C15
    hash = EngineState.mix(hash &+ place.pointee.write &* 0xD6E8_FEB8_6659_FD93)
    if writes {
      hash = EngineState.mix(hash ^ place.pointee.reads)
      place.pointee.write = hash
      place.pointee.reads = 0
    } else {
      place.pointee.reads &+= hash
    }
    own.pointee.write = hash
    fingerprint.low &+= hash
    if isWide { touchWide(place, own, salt, writes) }
    if isRecording {
      touches[touchCount] = Touch(object, writes: writes)
      touchCount &+= 1
    }
  }

  /// The second lane: the same shape, other constants.
  @inline(never)
  private mutating func touchWide(
    _ place: UnsafeMutablePointer<History>, _ own: UnsafeMutablePointer<History>,
    _ salt: UInt64, _ writes: Bool
  ) {
    var hash = own.pointee.write2 &+ salt &* 0xC2B2_AE3D_27D4_EB4F
    hash = EngineState.mix(hash ^ place.pointee.write2 &* 0x1656_67B1_9E37_79F9)
    if writes {
      hash = EngineState.mix(hash &+ place.pointee.reads2)
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

  /// A bijection on 64 bits that spreads every bit: two rounds of xor-shift and multiply.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z &>> 32)) &* 0xD6E8_FEB8_6659_FD93
    z = (z ^ (z &>> 29)) &* 0x9E37_79B9_7F4A_7C15
    return z ^ (z &>> 32)
  }

  /// Adds a step to the trace hash: who, what, where, to which object, and the value.
  @inline(__always)
  mutating func hashStep(_ agent: Int, _ bits: UInt64, _ value: UInt64) {
    traceHash =
      (traceHash ^ bits &+ UInt64(truncatingIfNeeded: agent) &<< 56) &* 0x9E37_79B9_7F4A_7C15
    traceHash = (traceHash ^ (traceHash &>> 29) ^ value) &* 0xD6E8_FEB8_6659_FD93
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
