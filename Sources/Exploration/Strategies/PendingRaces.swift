// Which pending steps race: what can be told of a step before it is taken.

import Machines

extension StepKind {
  /// Whether the operation's object is a word, locks included.
  @inline(__always) var isOnWord: Bool {
    rawValue <= StepKind.release.rawValue && self != .fence
  }

  /// Whether it may write that word. A compare-exchange counts: whether it fails is not known yet.
  @inline(__always) var mayWrite: Bool { self != .load && self != .wait }

  /// Whether it changes who is in which guest, or for whom a device translates.
  @inline(__always) var movesGuests: Bool {
    switch self {
    case .install, .leaveGuest, .clearContext, .attachDevice, .detachDevice: true
    default: false
    }
  }

  /// Whether it is about caches and keys. Guests come and go between such steps, and calls bring some.
  @inline(__always) var isOnKeys: Bool { self == .writeBackCache || self == .firmware }

  /// Whether it looks something up in the TLB of its pCPU, or changes what is there.
  @inline(__always) var isOnTLB: Bool {
    switch self {
    case .translate, .speculate, .fillUnasked, .arriveInvalidation: true
    default: false
    }
  }
}

extension DecisionPoint {
  /// Whether the pending steps of two agents race: they go to the same object, and at least one of
  /// them may write it.
  ///
  /// Of the steps of hardware, only what their kind and their pCPU tell is used. Which VM, tag or
  /// page they are about is left out: a race too many costs a strategy a little of its aim and
  /// nothing else.
  @inline(__always)
  func race(_ one: Int, _ other: Int) -> Bool {
    let a = pending(one)
    let b = pending(other)
    if a.kind.isOnWord && b.kind.isOnWord {
      return a.object == b.object && (a.kind.mayWrite || b.kind.mayWrite)
    }
    if a.kind.isOnWord || b.kind.isOnWord { return false }
    return hardwareRace(a.kind, b.kind, onOneTLB: tlb(of: one) == tlb(of: other))
  }

  /// The TLB of an agent's pCPU.
  private func tlb(of agent: Int) -> Int { state.pointee.objects.tlb(agent % pcpuCount) }

  @inline(never)
  private func hardwareRace(_ a: StepKind, _ b: StepKind, onOneTLB: Bool) -> Bool {
    // The rules about tags look at everybody who is in a guest.
    if a.movesGuests && b.movesGuests { return true }
    // A fill reads the context register, and with what is live another entry is filled.
    if a.movesGuests && b.isOnTLB || a.isOnTLB && b.movesGuests { return onOneTLB }
    if a.isOnTLB && b.isOnTLB { return onOneTLB }
    if a.isOnKeys || b.isOnKeys {
      return a.isOnKeys && b.isOnKeys || a == .arriveInterrupt || b == .arriveInterrupt
    }
    // Invalidations from everywhere stand in one queue in front of each TLB.
    if a == .invalidate { return b == .invalidate || b == .arriveInvalidation }
    if b == .invalidate { return a == .arriveInvalidation }
    // A call is delivered with those that are there.
    if a == .call { return b == .arriveInterrupt }
    return a == .arriveInterrupt && b == .call
  }
}
