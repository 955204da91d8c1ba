// Fewer lines for a story: a line for each step whose order against another agent counts, and one
// for all that lies between two of them.

import Machines

/// One printed line: a step, consecutive steps of one pCPU, or consecutive arrivals.
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

/// Folds consecutive steps of one agent into a line each, if none of them is needed to tell the
/// order of the execution.
///
/// Needed are the ends of the edges between agents in the transitive reduction of happens-before:
/// steps of two agents that depend on each other where no other such pair implies their order. A
/// step that touches nothing of others is never needed, and of a lock and all that it guards,
/// handed from one pCPU to the next, only the hand-over is. Nothing is needed of a whole step of a
/// program during which no other pCPU runs: it happens as one. Consecutive hardware steps of one
/// kind are a line. If that still leaves too many lines, the needed steps are given up from the
/// beginning on: what lies further back is told in less detail.
///
/// - Parameters:
///   - steps: the execution.
///   - touches: what each step touches.
///   - alone: steps that get a line of their own in any case, such as a critical pair.
///   - most: lines, if the switches allow it.
public func foldedRows(
  _ steps: [ScheduleStep], touches: [[Touch]], pcpuCount: Int, alone: Set<Int>,
  most: Int = 25
) -> [FoldedRow] {
  let happensBefore = HappensBefore(agents: steps.map(\.agent.number), touches: touches)
  var needed = happensBefore.endsOfReducedEdges()
    .subtracting(stepsThatHappenAsOne(steps, pcpuCount, unless: alone)).union(alone)
  var rows = grouped(steps, pcpuCount, needed: needed, alone)
  while rows.count > most, let first = needed.subtracting(alone).min() {
    needed.remove(first)
    rows = grouped(steps, pcpuCount, needed: needed, alone)
  }
  return rows
}

/// Rows in which each of the `needed` steps of a pCPU, and each of `alone`, stands by itself.
private func grouped(
  _ steps: [ScheduleStep], _ pcpuCount: Int, needed: Set<Int>, _ alone: Set<Int>
) -> [FoldedRow] {
  func isOneRow(_ step: Int, _ next: Int) -> Bool {
    // One invalidation, or call, arrives at one pCPU after the other.
    if steps[step].agent.number >= pcpuCount {
      return steps[step].kind == steps[next].kind && alone.isDisjoint(with: [step, next])
    }
    return steps[step].agent == steps[next].agent && needed.isDisjoint(with: [step, next])
  }
  var rows: [FoldedRow] = []
  for step in steps.indices {
    if step > 0, isOneRow(step - 1, step), let last = rows.popLast() {
      rows.append(FoldedRow(first: last.first, count: last.count + 1))
    } else {
      rows.append(FoldedRow(first: step, count: 1))
    }
  }
  return rows
}

/// The steps of those program steps that no other pCPU interrupts and of which none is `alone`.
private func stepsThatHappenAsOne(
  _ steps: [ScheduleStep], _ pcpuCount: Int, unless alone: Set<Int>
) -> Set<Int> {
  var whole: Set<Int> = []
  for pcpu in 0..<pcpuCount {
    let own = steps.indices.filter { steps[$0].agent.number == pcpu }
    for (_, part) in Dictionary(grouping: own, by: { steps[$0].programStep }) {
      guard let first = part.first, let last = part.last, alone.isDisjoint(with: part) else {
        continue
      }
      let others = steps[first...last].contains {
        $0.agent.number < pcpuCount && $0.agent.number != pcpu
      }
      if !others { whole.formUnion(part) }
    }
  }
  return whole
}

extension HappensBefore {
  /// Both ends of every edge between two agents that no other path implies.
  func endsOfReducedEdges() -> Set<Int> {
    var ends: Set<Int> = []
    for (agent, steps) in stepsOfAgent.enumerated() {
      var before = Clock(repeating: 0)
      for step in steps {
        // What is new in the past of this step, one latest step for each other agent.
        let news = stepsOfAgent.indices.filter { $0 != agent && clocks[step][$0] > before[$0] }
          .map { stepsOfAgent[$0][Int(clocks[step][$0]) - 1] }
        for source in news where !news.contains(where: { $0 != source && isPast(source, of: $0) }) {
          ends.insert(source)
          ends.insert(step)
        }
        before = clocks[step]
      }
    }
    return ends
  }

  private func isPast(_ step: Int, of other: Int) -> Bool {
    let agent = agents[step]
    return clocks[step][agent] <= clocks[other][agent]
  }
}
