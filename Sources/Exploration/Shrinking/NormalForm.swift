// The normal form of an execution: its steps pulled together, over neighbours that they do not
// depend on, so that as few switches as possible remain. No execution is needed for it: the order
// of independent steps makes no difference.

import Machines

/// Looks for the order with the fewest preemptions, and among those for the fewest switches, that
/// has the same happens-before relation.
///
/// Every such order can be reached by swaps of independent neighbours. A pCPU, once it runs, runs
/// for as long as the relation allows: to stop earlier never saves a switch. So the search goes
/// over runs, not over steps, and is short.
struct NormalForm {
  /// More states than this are not looked at.
  static let mostStates = 40_000
  private static let preemptionCost = 64

  private typealias Clock = HappensBefore.Clock

  private struct State: Hashable {
    /// How many steps each agent has taken.
    var taken: HappensBefore.Clock
    /// The pCPU that ran last; none at the start.
    var pcpu: Int
    /// Who ran last, hardware too.
    var agent: Int
  }

  private struct Node {
    let state: State
    let cost: Int
    let parent: Int
    /// Whether its run began with a preemption.
    let preempts: Bool
  }

  private let specimen: Specimen
  private let pcpuCount: Int
  private let total: HappensBefore.Clock

  /// Of `specimen`.
  init(_ specimen: Specimen) {
    self.specimen = specimen
    pcpuCount = specimen.schedule.pcpuCount
    var total = HappensBefore.Clock(repeating: 0)
    for (agent, steps) in specimen.happensBefore.stepsOfAgent.enumerated() {
      total[agent] = UInt16(steps.count)
    }
    self.total = total
  }

  /// The specimen in normal form; itself if that is no better or the search grew too large.
  func found() -> Specimen {
    var nodes = [
      Node(
        state: State(taken: HappensBefore.Clock(repeating: 0), pcpu: -1, agent: -1), cost: 0,
        parent: -1, preempts: false)
    ]
    var costs = [nodes[0].state: 0]
    // Nodes by cost: a queue for each.
    var queues: [[Int]] = [[0]]
    var cost = 0
    while cost < queues.count {
      var place = 0
      while place < queues[cost].count {
        let index = queues[cost][place]
        place += 1
        let node = nodes[index]
        if costs[node.state].map({ $0 < node.cost }) ?? false { continue }
        if node.state.taken == total { return reordered(nodes, index) }
        for next in moves(from: node, index) {
          if let known = costs[next.state], known <= next.cost { continue }
          costs[next.state] = next.cost
          nodes.append(next)
          while queues.count <= next.cost { queues.append([]) }
          queues[next.cost].append(nodes.count - 1)
        }
        if nodes.count > Self.mostStates { return specimen }
      }
      cost += 1
    }
    return specimen
  }

  /// Every run that could follow.
  private func moves(from node: Node, _ index: Int) -> [Node] {
    var moves: [Node] = []
    for agent in specimen.happensBefore.stepsOfAgent.indices where total[agent] > 0 {
      var taken = node.state.taken
      while isReady(agent, taken) {
        taken[agent] += 1
        // Each step of hardware is looked at alone: it may cost a preemption, or not.
        if agent >= pcpuCount { break }
      }
      if taken == node.state.taken { continue }
      let pcpu = node.state.pcpu
      let preempts = pcpu >= 0 && agent != pcpu && canGoOn(pcpu, node.state.taken)
      let cost =
        node.cost + (preempts ? Self.preemptionCost : 0) + (agent == node.state.agent ? 0 : 1)
      moves.append(
        Node(
          state: State(taken: taken, pcpu: agent < pcpuCount ? agent : pcpu, agent: agent),
          cost: cost, parent: index, preempts: preempts))
    }
    return moves
  }

  /// The next step of `agent`; nil if there is none.
  private func next(_ agent: Int, _ taken: HappensBefore.Clock) -> Int? {
    let steps = specimen.happensBefore.stepsOfAgent[agent]
    return Int(taken[agent]) < steps.count ? steps[Int(taken[agent])] : nil
  }

  /// Whether all that the next step of `agent` depends on has happened. The last step stays last.
  private func isReady(_ agent: Int, _ taken: HappensBefore.Clock) -> Bool {
    guard let step = next(agent, taken) else { return false }
    var needs = specimen.happensBefore.needs(step)
    if step == specimen.count - 1 {
      needs = total
      needs[agent] -= 1
    }
    return all(needs .<= taken)
  }

  /// Whether the engine would let `pcpu` take its next step.
  private func canGoOn(_ pcpu: Int, _ taken: HappensBefore.Clock) -> Bool {
    guard let step = next(pcpu, taken) else { return specimen.couldGoOn.contains(pcpu) }
    switch specimen.schedule.steps[step].kind {
    case .acquire: return !isHeld(specimen.schedule.steps[step].object, taken)
    case .wait, .waitForInvalidations, .waitForCalls: return isReady(pcpu, taken)
    default: return true
    }
  }

  /// Whether somebody has the lock `object`.
  private func isHeld(_ object: Int, _ taken: HappensBefore.Clock) -> Bool {
    var holders = 0
    for pcpu in 0..<pcpuCount {
      for step in specimen.happensBefore.stepsOfAgent[pcpu].prefix(Int(taken[pcpu]))
      where specimen.schedule.steps[step].object == object {
        if specimen.schedule.steps[step].kind == .acquire { holders += 1 }
        if specimen.schedule.steps[step].kind == .release { holders -= 1 }
      }
    }
    return holders > 0
  }

  private func reordered(_ nodes: [Node], _ last: Int) -> Specimen {
    var path: [Node] = []
    var index = last
    while index >= 0 {
      path.append(nodes[index])
      index = nodes[index].parent
    }
    path.reverse()
    var order: [Int] = []
    var preemptions: [Int] = []
    for (from, to) in zip(path, path.dropFirst()) {
      if to.preempts { preemptions.append(order.count) }
      let agent = to.state.agent
      order +=
        specimen.happensBefore.stepsOfAgent[agent][
          Int(from.state.taken[agent])..<Int(to.state.taken[agent])]
    }
    if preemptions.count > specimen.preemptions.count { return specimen }
    return Specimen(specimen, order: order, preemptions: preemptions)
  }
}
