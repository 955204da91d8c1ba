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

extension EngineState {
  /// Sets the ways in for the next execution.
  mutating func choosePerform(annotates: Bool) {
    port.perform = annotates ? performAnnotated : performControlled
    port.readCell = annotates ? readAnnotatedCell : readControlledCell
    port.writeCell = annotates ? writeAnnotatedCell : writeControlledCell
  }

  /// Puts an annotation into the buffer; nil if it is full.
  fileprivate mutating func annotate(
    _ operation: ControlledOperation, _ a: UInt64, _ b: UInt64
  ) -> UnsafeMutablePointer<Annotation>? {
    guard annotations.count < annotations.capacity, let start = annotations.start else {
      return nil
    }
    let place = start + annotations.count
    place.initialize(
      to: Annotation(
        step: steps &- 1, pcpu: PCPU(current), operation: operation, a: a, b: b, result: 0))
    annotations.count &+= 1
    return place
  }
}

// These do not come back from what ends the execution: its annotation keeps the result 0.

/// Notes what is no step, and goes on as usual.
private func performAnnotated(
  _ raw: UnsafeMutableRawPointer, _ bits: UInt64, _ a: UInt64, _ b: UInt64
) -> UInt64 {
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let operation = ControlledOperation(bits: bits)
  guard !operation.kind.isSchedulePoint, let place = state.pointee.annotate(operation, a, b)
  else { return performControlled(raw, bits, a, b) }
  let result = performControlled(raw, bits, a, b)
  place.pointee.result = result
  return result
}

private func readAnnotatedCell(
  _ raw: UnsafeMutableRawPointer, _ number: Int, _ value: UInt64
) -> UInt64 {
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let place = state.pointee.annotate(
    ControlledOperation(.read, .relaxed, Site(0), object: number), value, 0)
  let result = readControlledCell(raw, number, value)
  place?.pointee.result = result
  return result
}

private func writeAnnotatedCell(
  _ raw: UnsafeMutableRawPointer, _ number: Int, _ value: UInt64
) -> UInt64 {
  let state = raw.assumingMemoryBound(to: EngineState.self)
  _ = state.pointee.annotate(
    ControlledOperation(.write, .relaxed, Site(0), object: number), value, 0)
  return writeControlledCell(raw, number, value)
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
