// What a program does between its steps: plain memory, fences, words to the oracles. Kept only for
// who asks, and by another way into the engine, so that the usual way does not know of it.

import Domain
import Machines

/// Something that is no step, as it was recorded.
public struct Annotation: Sendable {
  /// What was done.
  public enum Action: Sendable, Equatable {
    /// A cell was read.
    case read(cell: Int)
    /// A cell was written.
    case write(cell: Int)
    /// A fence, a choice, or a word to the oracles.
    case operation(ControlledOperation)
  }

  /// The step that it belongs to: the last one of its pCPU; -1 before the first.
  public let step: Int
  /// Who did it.
  public let pcpu: PCPU
  /// What was done.
  public let action: Action
  /// Its first operand; the value that was written.
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
  /// Takes the ways in that annotate, or the usual ones.
  mutating func annotate(_ isOn: Bool) {
    port.perform =
      isOn ? performAnnotated : mutation == nil ? performControlled : performMutated
    port.readCell = isOn ? readAnnotated : readControlledCell
    port.writeCell = isOn ? writeAnnotated : writeControlledCell
  }

  /// Notes what the current pCPU does; where its result belongs, if there was room.
  fileprivate mutating func note(
    _ action: Annotation.Action, _ a: UInt64, _ b: UInt64
  ) -> UnsafeMutablePointer<Annotation>? {
    guard let start = annotations.start, annotations.count < annotations.capacity else {
      return nil
    }
    let place = start + annotations.count
    place.initialize(
      to: Annotation(
        step: steps &- 1, pcpu: PCPU(current), action: action, a: a, b: b, result: 0))
    annotations.count &+= 1
    return place
  }
}

/// Notes what is no step, and goes on as usual. Does not come back from what ends the execution.
private let performAnnotated: ControlledCall = { raw, bits, a, b in
  let operation = ControlledOperation(bits: bits)
  guard !operation.kind.isSchedulePoint else { return performControlled(raw, bits, a, b) }
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let note = state.pointee.note(.operation(operation), a, b)
  let result = performControlled(raw, bits, a, b)
  note?.pointee.result = result
  return result
}

private let readAnnotated: CellCall = { raw, cell, operand in
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let note = state.pointee.note(.read(cell: cell), 0, 0)
  let result = readControlledCell(raw, cell, operand)
  note?.pointee.result = result
  return result
}

private let writeAnnotated: CellCall = { raw, cell, value in
  let state = raw.assumingMemoryBound(to: EngineState.self)
  _ = state.pointee.note(.write(cell: cell), value, 0)
  return writeControlledCell(raw, cell, value)
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
        state.pointee.annotate(false)
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
          pcpu: PCPU(pcpu), operation: pending.operation, a: pending.a, b: pending.b,
          isMasked: AgentSet(bits: state.pointee.port.masked).contains(pcpu)))
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
  /// Whether its interrupts were off: a call could not reach it.
  public let isMasked: Bool
}
