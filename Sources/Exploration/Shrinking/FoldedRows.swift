// Fewer lines for a story: what a pCPU does that concerns nobody else is one line.

import Machines

/// One printed line: a step, or consecutive steps of one agent that concern nobody else.
public struct FoldedRow: Hashable, Sendable {
  /// The first step.
  public let first: Int
  /// How many steps.
  public let count: Int

  /// A line for `count` steps from `first` on.
  public init(first: Int, count: Int) {
    self.first = first
    self.count = count
  }
}

/// Folds consecutive steps of one agent into a line each, if none of them depends on a step of
/// another agent. A step depends on another if they touch one object and one of them writes it.
///
/// - Parameters:
///   - agents: who takes each step.
///   - touches: what each step touches.
///   - alone: steps that get a line of their own in any case, such as a critical pair.
public func foldedRows(agents: [Agent], touches: [[Touch]], alone: Set<Int>) -> [FoldedRow] {
  var touchers: [Int: Set<Agent>] = [:]
  var written: Set<Int> = []
  for (agent, touched) in zip(agents, touches) {
    for touch in touched {
      touchers[touch.object, default: []].insert(agent)
      if touch.writes { written.insert(touch.object) }
    }
  }
  func isPrivate(_ step: Int) -> Bool {
    !alone.contains(step)
      && touches[step].allSatisfy {
        !written.contains($0.object) || touchers[$0.object]?.count == 1
      }
  }
  var rows: [FoldedRow] = []
  var goesOn = false
  for step in agents.indices {
    if goesOn, isPrivate(step), agents[step] == agents[step - 1], let last = rows.popLast() {
      rows.append(FoldedRow(first: last.first, count: last.count + 1))
    } else {
      rows.append(FoldedRow(first: step, count: 1))
    }
    goesOn = isPrivate(step)
  }
  return rows
}
