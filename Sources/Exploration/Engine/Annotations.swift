// What a program does between its steps: plain memory, fences, words to the oracles. Kept only for
// who asks, and by another way into the engine, so that the usual way does not know of it.

import Domain
import Machines

/// Something that is no step, as it was recorded.
public struct Annotation: Sendable {
  /// The step that it belongs to: the last one of its pCPU; -1 before the first.
  public let step: Int
  /// Who did it.
  public let pcpu: PCPU
  /// What was done.
  public let operation: ControlledOperation
  /// Its first operand.
  public let a: UInt64
  /// Its second operand.
  public let b: UInt64
  /// What it returned; 0 where it ended the execution.
  public internal(set) var result: UInt64
}

/// Room for annotations; none until they are asked for.
struct AnnotationBuffer {
  var isOn = false
  var count = 0
  var capacity = 0
  var start: UnsafeMutablePointer<Annotation>?

  mutating func turnOn(capacity: Int) {
    if start == nil {
      start = .allocate(capacity: capacity)
      self.capacity = capacity
    }
    isOn = true
  }

  func deallocate() { start?.deallocate() }
}

/// Notes what is no step, and goes on as usual.
let performAnnotated: ControlledCall = { raw, bits, a, b in
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let operation = ControlledOperation(bits: bits)
  let place = state.pointee.annotations.count
  guard !operation.kind.isSchedulePoint, place < state.pointee.annotations.capacity,
    let start = state.pointee.annotations.start
  else { return performControlled(raw, bits, a, b) }
  (start + place).initialize(
    to: Annotation(
      step: state.pointee.steps &- 1, pcpu: PCPU(state.pointee.current), operation: operation,
      a: a, b: b, result: 0))
  state.pointee.annotations.count &+= 1
  // Does not come back from what ends the execution.
  let result = performControlled(raw, bits, a, b)
  start[place].result = result
  return result
}

extension Engine {
  /// Whether recorded executions keep annotations, too. Off at the start; makes them slower.
  public var annotates: Bool {
    get { state.pointee.annotations.isOn }
    set {
      if newValue {
        state.pointee.annotations.turnOn(capacity: 16 * (state.pointee.stepLimit + 64))
      } else {
        state.pointee.annotations.isOn = false
      }
    }
  }

  /// What the last execution did between its steps, in order; it must have been recorded with
  /// `annotates`.
  public func annotations() -> [Annotation] {
    guard let start = state.pointee.annotations.start else { return [] }
    return (0..<state.pointee.annotations.count).map { start[$0] }
  }

  /// The pCPUs that had not ended when the last execution was over, and what each would have done.
  public func unfinished() -> [UnfinishedPCPU] {
    var found: [UnfinishedPCPU] = []
    state.pointee.ready.forEach { pcpu in
      let pending = state.pointee.pending[pcpu]
      found.append(
        UnfinishedPCPU(
          pcpu: PCPU(pcpu), operation: pending.operation, a: pending.a, b: pending.b))
    }
    return found
  }
}

/// A pCPU that had not come to its end: for the chain of a deadlock.
public struct UnfinishedPCPU: Sendable {
  /// Who.
  public let pcpu: PCPU
  /// What it would have done.
  public let operation: ControlledOperation
  /// Its first operand.
  public let a: UInt64
  /// Its second operand.
  public let b: UInt64
}
