// What may stand between the landmarks of a live loop.

/// From an entry's landmark to the claim: moves, arithmetic, comparisons and direct jumps. A path
/// ends at the compare-exchange that claims, or where the slow path is called.
struct FastPathRules {
  let loop: LiveLoop

  func ruling(_ instruction: Instruction) -> Ruling {
    switch loop.kind(of: instruction) {
    case .plain, .jump, .conditionalJump: .goOn
    case .compareExchange: .arrive(.claim)
    case .call(let place) where place.symbol == loop.slowPath: .arrive(.slowPath)
    case .landmark: .refuse("comes to the next landmark without a claim")
    case let kind: .refuse(kind.objection)
    }
  }

  static func complaints(about loop: LiveLoop) -> [PathComplaint] {
    let walk = ControlFlowWalk(code: loop.code, rule: FastPathRules(loop: loop).ruling)
    let entries = loop.landmarks(.entry)
    if entries.isEmpty { return [PathComplaint(reason: "there is no entry landmark", path: [])] }
    return entries.flatMap { entry in
      let outcome = walk.outcome(from: entry)
      if outcome.arrivals[.claim] != nil { return outcome.complaints }
      let start = [loop.code.instruction(at: entry)].compactMap(\.self)
      return outcome.complaints
        + [PathComplaint(reason: "no path comes to a compare-exchange", path: start)]
    }
  }
}

/// From the landmark behind `put`'s store to the next entry: nothing that empties the store buffer
/// and nothing that might. A path ends at an entry, at a detour, or with the loop.
///
/// Allowed besides plain code and direct jumps:
/// - moves and fills with `rep`: they order nothing;
/// - the call of this loop's own `runSlice`, which is walked through like the rest, and its return;
/// - `ud2` and the call of `__stack_chk_fail`: the process dies, no entry follows.
struct PutRules {
  let loop: LiveLoop

  func ruling(_ instruction: Instruction) -> Ruling {
    switch loop.kind(of: instruction) {
    case .plain, .stringMove, .jump, .conditionalJump: .goOn
    case .landmark(.entry): .arrive(.entry)
    case .landmark(.detour): .arrive(.detour)
    case .landmark(.put): .refuse("comes to a second put without an entry")
    case .trap: .arrive(.crash)
    case .returning where loop.owns(instruction): .arrive(.end)
    case .call(let place) where place.symbol == "__stack_chk_fail@plt": .arrive(.crash)
    case .call(let place) where place.symbol != nil && place.symbol == loop.slice?.symbol: .follow
    case let kind: .refuse(kind.objection)
    }
  }

  static func complaints(about loop: LiveLoop) -> [PathComplaint] {
    let walk = ControlFlowWalk(code: loop.code, rule: PutRules(loop: loop).ruling)
    let outcomes = loop.landmarks(.put).map(walk.outcome)
    if outcomes.isEmpty { return [PathComplaint(reason: "there is no put landmark", path: [])] }
    let complaints = outcomes.flatMap(\.complaints)
    if outcomes.contains(where: { $0.arrivals[.entry] != nil }) { return complaints }
    return complaints + [PathComplaint(reason: "no path comes to an entry", path: [])]
  }
}

extension LiveLoop {
  /// A jump out of a function is a call that leaves nothing to return to.
  func kind(of instruction: Instruction) -> InstructionKind {
    guard case .jump(let place) = instruction.kind,
      code.function(at: place.address)?.symbol != code.function(at: instruction.address)?.symbol
    else { return instruction.kind }
    return .call(place)
  }

  func owns(_ instruction: Instruction) -> Bool {
    code.function(at: instruction.address)?.symbol == function.symbol
  }
}

extension InstructionKind {
  /// Why it is refused.
  var objection: String {
    switch self {
    case .call(let place):
      // Private functions have no symbol; the label beside them is their neighbour's.
      "a call of \(place.symbol.map(Demangling.readable) ?? "a function without a symbol")"
    case .indirect: "an indirect call or jump"
    case .compareExchange, .locked: "a locked instruction"
    case .fence: "a fence"
    case .system: "a system call"
    case .stringMove: "a loop in one instruction"
    case .trap: "a trap"
    case .returning: "a return"
    case .plain, .landmark, .jump, .conditionalJump, .unknown:
      "an instruction that is not known to be harmless"
    }
  }
}
