// Follows every path through the code from one instruction on, until rules say that a path has
// arrived or that it must not go on.

/// What the rules say to an instruction that a path has come to.
enum Ruling: Equatable, Sendable {
  /// To what comes next: both ways at a conditional jump, behind the call at a call.
  case goOn
  /// Into the function that is called, or jumped to; its return leads back.
  case follow
  /// The path has ended where it may.
  case arrive(Arrival)
  /// It may not go here.
  case refuse(String)
}

/// The ends that a path may have.
enum Arrival: String, Sendable {
  case claim = "a compare-exchange"
  case slowPath = "the call of the slow path"
  case entry = "an entry"
  case detour = "a detour"
  case end = "the end of the loop"
  case crash = "the end of the process"
}

/// What is wrong with a path, and how it got there.
struct PathComplaint: CustomStringConvertible, Sendable {
  let reason: String
  /// From the first instruction to the one that is refused.
  let path: [Instruction]

  /// The reason, and each turn of the path on a line of its own.
  var description: String {
    guard let first = path.first, let last = path.last else { return reason }
    var lines = [reason, "  at   \(last.text)", "  from \(first.text)"]
    for (here, next) in zip(path, path.dropFirst()) {
      switch here.kind {
      case .conditionalJump(let place):
        lines.append("       \(here.text): \(next.address == place.address ? "" : "not ")taken")
      case .jump, .call, .returning: lines.append("       \(here.text)")
      default: break
      }
    }
    return lines.joined(separator: "\n")
  }
}

extension Instruction {
  /// As in the listing, but of a target within a function the address alone: names are long.
  var text: String {
    let place = target.map { place in
      String(place.address, radix: 16) + (place.symbol.map { " <\($0)>" } ?? "")
    }
    return
      ([String(address, radix: 16) + ":"] + prefixes + [mnemonic]
      + [place ?? operands.joined(separator: ",")]).filter { !$0.isEmpty }.joined(separator: " ")
  }
}

/// A walk by rules.
struct ControlFlowWalk {
  /// How all the paths ended.
  struct Outcome: Sendable {
    /// The instructions at which paths arrived.
    var arrivals: [Arrival: Set<UInt64>] = [:]
    /// The shortest path to each refused instruction.
    var complaints: [PathComplaint] = []
  }

  let code: Disassembly
  let rule: (Instruction) -> Ruling

  /// Walks from behind the instruction at `start`.
  func outcome(from start: UInt64) -> Outcome {
    var search = Search(code)
    search.begin(start)
    while let step = search.next() {
      // The return of a followed function is no business of the rules.
      if step.instruction.kind == .returning, let back = step.returns.last {
        search.visit(back, step.returns.dropLast(), after: step)
        continue
      }
      switch rule(step.instruction) {
      case .arrive(let arrival):
        search.outcome.arrivals[arrival, default: []].insert(step.instruction.address)
      case .refuse(let reason): search.complain(reason, step)
      case .follow: search.follow(step)
      case .goOn: search.goOn(step)
      }
    }
    return search.outcome
  }
}

/// An instruction on a path, and where the functions that were followed return to.
private struct Step {
  let instruction: Instruction
  let returns: ArraySlice<UInt64>
  /// The step before, as an index.
  let previous: Int?
  var index = 0
}

/// The walk's memory: breadth first, so the first path to an instruction is a shortest one.
private struct Search {
  private struct Place: Hashable {
    let address: UInt64
    let returns: ArraySlice<UInt64>
  }

  private let code: Disassembly
  private var steps: [Step] = []
  private var position = 0
  private var visited: Set<Place> = []
  private var refused: Set<UInt64> = []
  var outcome = ControlFlowWalk.Outcome()

  init(_ code: Disassembly) { self.code = code }

  mutating func begin(_ address: UInt64) {
    guard let instruction = code.instruction(at: address) else {
      outcome.complaints.append(
        PathComplaint(reason: "there is no instruction at the start of the walk", path: []))
      return
    }
    steps.append(Step(instruction: instruction, returns: [], previous: nil))
    position = 1
    visitNext(steps[0])
  }

  mutating func next() -> Step? {
    guard position < steps.count else { return nil }
    defer { position += 1 }
    return steps[position]
  }

  mutating func visit(_ address: UInt64, _ returns: ArraySlice<UInt64>, after step: Step) {
    guard let instruction = code.instruction(at: address) else {
      return complain("leads to code that is not in the listing", step)
    }
    guard visited.insert(Place(address: address, returns: returns)).inserted else { return }
    steps.append(
      Step(
        instruction: instruction, returns: returns, previous: step.index, index: steps.count))
  }

  private mutating func visitNext(_ step: Step) {
    guard let next = code.instruction(after: step.instruction.address) else {
      return complain("falls off the end of its function", step)
    }
    visit(next.address, step.returns, after: step)
  }

  mutating func goOn(_ step: Step) {
    switch step.instruction.kind {
    case .jump(let place): visit(place.address, step.returns, after: step)
    case .conditionalJump(let place):
      visitNext(step)
      visit(place.address, step.returns, after: step)
    case .indirect, .returning, .trap: complain("the walk cannot go on from here", step)
    default: visitNext(step)
    }
  }

  mutating func follow(_ step: Step) {
    switch step.instruction.kind {
    case .jump(let place): visit(place.address, step.returns, after: step)
    case .call(let place):
      guard let back = code.instruction(after: step.instruction.address) else {
        return complain("falls off the end of its function", step)
      }
      if step.returns.count == 4 { return complain("calls itself too deep to follow", step) }
      visit(place.address, step.returns + [back.address], after: step)
    default: complain("is no call to follow", step)
    }
  }

  mutating func complain(_ reason: String, _ step: Step) {
    guard refused.insert(step.instruction.address).inserted else { return }
    var path = [step.instruction]
    var previous = step.previous
    while let index = previous {
      path.append(steps[index].instruction)
      previous = steps[index].previous
    }
    outcome.complaints.append(PathComplaint(reason: reason, path: path.reversed()))
  }
}
