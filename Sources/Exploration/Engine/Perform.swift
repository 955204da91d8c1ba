// The one way from the front into the engine, and from pCPU to pCPU. Nothing of the engine is held
// open while stacks are switched, and there is one place where they are: its jump is predicted.

import Domain
import Host
import Machines

/// Publishes the operation, lets the strategy decide, hands over if another pCPU goes first, and
/// performs the operation when its turn has come.
let performControlled: ControlledCall = { raw, bits, a, b in
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
  let next = state.pointee.isStarting ? EngineState.mainStack : state.pointee.nextPCPU()
  if next != me {
    state.pointee.current = next
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
  let next = state.pointee.isStarting ? EngineState.mainStack : state.pointee.nextPCPU()
  state.pointee.current = next
  if state.pointee.usesThreads {
    handBatonOn(state, from: me, to: next)
  } else {
    switchStack(from: state.pointee.stacks + me, to: state.pointee.stacks[next])
  }
}
