// The way in that a mutant's operations take.

import Domain
import Machines

/// One more frame, so that the way in itself is made once.
@inline(never)
private func forward(
  _ raw: UnsafeMutableRawPointer, _ bits: UInt64, _ a: UInt64, _ b: UInt64
) -> UInt64 {
  performControlled(raw, bits, a, b)
}

/// Carries an operation out as the mutation has it.
let performMutated: ControlledCall = { raw, bits, a, b in
  let state = raw.assumingMemoryBound(to: EngineState.self)
  let operation = ControlledOperation(bits: bits)
  guard let mutation = state.pointee.mutation, mutation.applies(to: operation) else {
    let result = forward(raw, bits, a, b)
    switch operation.kind {
    case .release, .leaveGuest, .clearContext: carryOutDelayed(raw, state)
    default: break
    }
    return result
  }
  switch mutation.kind {
  case .weaken:
    let order = operation.order.weaker(for: operation.kind) ?? operation.order
    return forward(raw, operation.with(operation.kind, order), a, b)
  case .skip:
    // Who does not wait still reads.
    return operation.kind == .wait
      ? forward(raw, operation.with(.load, operation.order), 0, 0) : a
  case .unlock: return 0
  case .tear: return tear(raw, operation, a, b)
  case .flip(let bit): return forward(raw, bits, a, b) ^ bit
  case .narrow: return forward(raw, bits, a & ~1, b)
  case .delay:
    state.pointee.delayed[state.pointee.current] = PendingOperation(bits: bits, a: a, b: b)
    return 0
  }
}

/// Loads and then stores what the read-modify-write would have written.
private func tear(
  _ raw: UnsafeMutableRawPointer, _ operation: ControlledOperation, _ a: UInt64, _ b: UInt64
) -> UInt64 {
  let seen = forward(raw, operation.with(.load, operation.order), 0, 0)
  let store = operation.with(.store, operation.order)
  switch operation.kind {
  case .add:
    _ = forward(raw, store, seen &+ a, 0)
    return seen &+ a
  case .or: _ = forward(raw, store, seen | a, 0)
  case .compareExchange: if seen == a { _ = forward(raw, store, b, 0) }
  default: _ = forward(raw, store, a, 0)
  }
  return seen
}

/// What the pCPU has put off until it gave a lock back, or until its guest was left.
private func carryOutDelayed(
  _ raw: UnsafeMutableRawPointer, _ state: UnsafeMutablePointer<EngineState>
) {
  let operation = state.pointee.delayed[state.pointee.current]
  guard operation.bits != 0 else { return }
  state.pointee.delayed[state.pointee.current] = PendingOperation()
  _ = forward(raw, operation.bits, operation.a, operation.b)
}

extension ControlledOperation {
  /// The same at the same place, but of another kind.
  fileprivate func with(_ kind: StepKind, _ order: OrderCode) -> UInt64 {
    ControlledOperation(kind, order, site, object: object).bits
  }
}

extension Engine {
  /// What goes wrong in the next executions; nil for nothing.
  public var mutation: Mutation? {
    get { state.pointee.mutation }
    set { state.pointee.mutation = newValue }
  }
}
