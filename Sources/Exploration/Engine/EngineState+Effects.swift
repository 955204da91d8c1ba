// What an operation does. All words are sequentially consistent here: an access reads the newest
// value. Orderings count for races on plain memory.

import Domain
import Machines

extension EngineState {
  /// Performs the operation of `pcpu` and returns its result.
  @inline(__always)
  mutating func execute(_ pcpu: Int, _ bits: UInt64, _ a: UInt64, _ b: UInt64) -> UInt64 {
    let operation = ControlledOperation(bits: bits)
    let object = operation.object
    if operation.kind.mayWait { conditional.remove(pcpu) }
    let before = object < wordCount ? words[object] : 0
    if isDetailed && isRecording {
      record(pcpu, bits, a, b, before: operation.kind.isOnWord ? before : 0)
    }
    var result: UInt64
    switch operation.kind {
    case .load, .wait:
      touch(object, writes: false, by: pcpu)
      clockRead(object, operation.order, pcpu)
      result = before
    case .store:
      touch(object, writes: true, by: pcpu)
      clockWrite(object, operation.order, updates: false, pcpu)
      words[object] = a
      result = a
    case .release:
      touch(object, writes: true, by: pcpu)
      clockWrite(object, operation.order, updates: false, pcpu)
      words[object] = 0
      result = 0
    case .acquire:
      touch(object, writes: true, by: pcpu)
      clockRead(object, operation.order, pcpu)
      words[object] = UInt64(truncatingIfNeeded: pcpu &+ 1)
      result = 0
    case .compareExchange where before != a:
      touch(object, writes: false, by: pcpu)
      clockRead(object, operation.order, pcpu)
      result = before
    case .exchange, .add, .or, .compareExchange:
      touch(object, writes: true, by: pcpu)
      clockRead(object, operation.order, pcpu)
      clockWrite(object, operation.order, updates: true, pcpu)
      result = update(operation.kind, object, before, a, b)
    default:
      result = executeHardware(pcpu, operation, a, b)
    }
    hashStep(pcpu, bits, result)
    if isDetailed && isRecording { trace[steps].result = result }
    steps &+= 1
    return result
  }

  @inline(__always)
  private mutating func update(
    _ kind: StepKind, _ object: Int, _ before: UInt64, _ a: UInt64, _ b: UInt64
  ) -> UInt64 {
    switch kind {
    case .add:
      words[object] = before &+ a
      return before &+ a
    case .or: words[object] = before | a
    case .compareExchange: words[object] = b
    default: words[object] = a
    }
    return before
  }

  /// What is no schedule point.
  @inline(never)
  mutating func performAtOnce(
    _ pcpu: Int, _ operation: ControlledOperation, _ a: UInt64, _ b: UInt64
  ) -> UInt64 {
    let object = operation.object
    switch operation.kind {
    case .fence: clockFence(operation.order, pcpu)
    case .choose: return choose(Int(a), pcpu)
    case .rolloverBegins: rolloverBegins(pcpu)
    case .throughout: return liveThroughout(object, since: pcpu)
    case .lostTag: violate(.lostTag(pcpu: pcpu, running: object))
    case .rolloverEnds: rolloverEnds(pcpu)
    case .judgeEntry: judgeEntry(pcpu, vcpu: object, tags: a, generation: b)
    case .flushCompleted: flushCompleted(pcpu, slot: object, page: Int(a), version: b)
    case .innerFlushCompleted: innerFlushCompleted(object, page: Int(a), version: b)
    case .stage2Flushed: stage2Flushed(pcpu, object, first: a, b)
    case .takenFromLog: takenFromLog(pcpu, object, page: a, b)
    case .rangeFlushBegins: rangeFlushBegins(pcpu, first: a, b)
    case .rangeFlushEnds: rangeFlushEnds(pcpu)
    case .tagFreed: tagFreed(pcpu, a)
    case .tagAllocated: tagAllocated(pcpu, a)
    case .noTagFound: noTagFound(pcpu, from: a, through: b)
    case .touchMemory: touchMemory(pcpu, under: a)
    case .takeInterruption:
      touch(objects.context(pcpu), writes: true, by: pcpu)
      defer { contexts[pcpu].interrupted = false }
      return contexts[pcpu].interrupted ? 1 : 0
    case .contextOf:
      touch(objects.context(object), writes: false, by: pcpu)
      return contextWord(object).bits
    case .flushCount: return flushes
    case .bug:
      // Whatever the oracles: the program cannot go on.
      if !isOver {
        end(.violation(.bug(pcpu: pcpu, message: a, length: b, site: operation.site)))
      }
    default: break
    }
    return 0
  }

  /// One of `count` ways to go on.
  private mutating func choose(_ count: Int, _ pcpu: Int) -> UInt64 {
    if count < 2 { return 0 }
    let choice = strategy._withUnsafeGuaranteedRef { $0.chooseValue(below: count) }
    if isRecording { record(choice, below: count, by: pcpu, inStep: steps &- 1) }
    absorb(UInt64(choice), by: pcpu)
    hashStep(pcpu, UInt64(StepKind.choose.rawValue), UInt64(choice))
    return UInt64(choice)
  }
}
