// Real pthreads as carriers. Each runs its pCPU on the pCPU's own stack, so that an execution that
// is given up can be left from any depth: the thread switches back to its own stack and forgets the
// other one.

import Domain
import Host

/// What one pthread of the thread carrier does, on its own stack.
///
/// Sendable because the baton hands everything on.
final class CarrierHome: @unchecked Sendable {
  private let body: Body
  private let stack: StackMemory
  private let index: Int
  private let state: UnsafeMutablePointer<EngineState>

  init(_ body: Body, _ stack: StackMemory, _ index: Int, _ state: UnsafeMutablePointer<EngineState>)
  {
    self.body = body
    self.stack = stack
    self.index = index
    self.state = state
  }

  /// Runs the pCPU's program, once for each run, until there are no more.
  ///
  /// The thread prepares the stack itself, and only when it is back from it: another one would
  /// write where this one still stands.
  func carry() {
    state.pointee.batons[index].take()
    while state.pointee.run != .max {
      switchStack(from: state.pointee.threadStacks + index, to: prepared(stack, body))
      // Whenever it comes back, the thread has been given the baton for a new run.
    }
  }
}

/// Lets `next` go on and waits until it is the turn of `me` again. Does not come back if its
/// execution has been given up or its program has ended.
@inline(never)
func handBatonOn(_ state: UnsafeMutablePointer<EngineState>, from me: Int, to next: Int) {
  let run = state.pointee.run
  state.pointee.batons[next].give()
  state.pointee.batons[me].take()
  if state.pointee.run != run {
    // Woken for another run: this stack is history.
    switchStack(
      from: state.pointee.forgottenStacks + me, to: state.pointee.threadStacks[me])
  }
}
