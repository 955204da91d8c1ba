// The one way from the front into the engine, and from pCPU to pCPU. Nothing of the engine is held
// open while stacks are switched, and there is one place where they are: its jump is predicted.

import Domain
import Host
import Machines

/// Publishes the operation, lets the strategy decide, hands over if another pCPU goes first, and
/// performs the operation when its turn has come.
///
/// Always inlined into the C entry that is made of it: one more frame above the switch would be one
/// more mispredicted return.
@inline(__always)
func performControlled(
  _ raw: UnsafeMutableRawPointer, _ bits: UInt64, _ a: UInt64, _ b: UInt64
) -> UInt64 {
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let operation = ControlledOperation(bits: bits)
  let me = state.pointee.current
  if !operation.kind.isSchedulePoint {
    let result = state.pointee.performAtOnce(me, operation, a, b)
    if state.pointee.isOver { leave(state, me) }
    return result
  }
  state.pointee.publish(me, bits, a, b)
  // Hardware that interrupts may have been held off until now.
  if state.pointee.anyCalls { state.pointee.refreshInterrupt(me) }
  let next =
    state.pointee.isStarting ? state.pointee.startNext(after: me) : state.pointee.nextPCPU()
  state.pointee.current = next
  if next != me {
    if state.pointee.usesThreads {
      handBatonOn(state, from: me, to: next)
    } else {
      switchStack(from: state.pointee.stacks + me, to: state.pointee.stacks[next])
    }
  }
  let result = state.pointee.execute(me, bits, a, b)
  if state.pointee.isOver { leave(state, me) }
  return result
}

/// Reads plain memory. A race ends the execution.
@inline(__always)
func readControlledCell(_ raw: UnsafeMutableRawPointer, _ number: Int, _: UInt64) -> UInt64 {
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let me = state.pointee.current
  let cell = state.pointee.cells + number
  let clock = state.pointee.clocks + me
  if cell.pointee.writeClock > clock.pointee[Int(truncatingIfNeeded: cell.pointee.writer)] {
    raced(state, me, number, writes: false)
  }
  cell.pointee.reads[me] = clock.pointee[me]
  return cell.pointee.value
}

/// Writes plain memory. A race ends the execution.
@inline(__always)
func writeControlledCell(
  _ raw: UnsafeMutableRawPointer, _ number: Int, _ value: UInt64
) -> UInt64 {
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let me = state.pointee.current
  let cell = state.pointee.cells + number
  let clock = state.pointee.clocks[me]
  if cell.pointee.writeClock > clock[Int(truncatingIfNeeded: cell.pointee.writer)]
    || isAnyLater(cell.pointee.reads, than: clock)
  {
    raced(state, me, number, writes: true)
  }
  cell.pointee.writer = UInt32(truncatingIfNeeded: me)
  cell.pointee.writeClock = clock[me]
  cell.pointee.value = value
  return 0
}

/// Whether any entry of `a` is greater than that of `b`. Clocks are far below 2^31, so the sign of a
/// difference tells.
@inline(__always)
private func isAnyLater(_ a: SIMD8<UInt32>, than b: SIMD8<UInt32>) -> Bool {
  let difference = unsafeBitCast(b &- a, to: SIMD4<UInt64>.self)
  let signs = difference[0] | difference[1] | difference[2] | difference[3]
  return signs & 0x8000_0000_8000_0000 != 0
}

/// Two accesses to a cell that nothing orders. Comes back only if races are not looked for.
@inline(never)
private func raced(
  _ state: UnsafeMutablePointer<EngineState>, _ me: Int, _ cell: Int, writes: Bool
) {
  state.pointee.reportRace(me, cell, writes: writes)
  if state.pointee.isOver { leave(state, me) }
}

/// The execution is over: back to the explorer, for good. The stack is forgotten.
@inline(never)
func leave(_ state: UnsafeMutablePointer<EngineState>, _ me: Int) {
  state.pointee.current = EngineState.mainStack
  if state.pointee.usesThreads {
    handBatonOn(state, from: me, to: EngineState.mainStack)
  } else {
    switchStack(
      from: state.pointee.stacks + me, to: state.pointee.stacks[EngineState.mainStack])
  }
}

/// A pCPU's program has ended: whoever goes next goes on. Does not return.
func finish(_ state: UnsafeMutablePointer<EngineState>, _ me: Int) {
  state.pointee.retire(me)
  let next =
    state.pointee.isStarting ? state.pointee.startNext(after: me) : state.pointee.nextPCPU()
  state.pointee.current = next
  if state.pointee.usesThreads {
    handBatonOn(state, from: me, to: next)
  } else {
    switchStack(from: state.pointee.stacks + me, to: state.pointee.stacks[next])
  }
}
