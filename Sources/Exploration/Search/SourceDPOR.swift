// Source-DPOR with sleep sets (Abdulla, Aronsson, Jonsson and Sagonas, POPL 2014, algorithm 1):
// at least one schedule of every trace, and few that are given up. Without bound.
//
// Dependence is what steps were seen to touch: two steps depend if their footprints meet in an
// object that one of them writes. What an oracle reads belongs to the footprint of its step.

import Domain
import Machines

/// Explores one schedule of every trace.
public final class SourceDPOR: Search {
  private var nodes: [Node] = []
  /// Footprints of steps that sleep, stacked with the nodes that they belong to.
  private var arena: [Touch] = []
  private let events = EventClocks()
  private var step = 0
  /// Steps below this one have been seen by the execution before: their races are known.
  private var firstNew = 0
  /// Whether the program does what footprints do not tell: see `isComplete`.
  private var isBeyondFootprints = false

  /// One step of the current schedule, and what is to be tried in its place.
  struct Node {
    var enabled: AgentSet
    var backtrack: AgentSet
    /// Agents whose step here has been explored, or is known to lead to nothing new.
    var sleep: AgentSet
    var choice: Int
    /// Where the arena ends for the nodes above.
    var arenaEnd: Int
    /// Footprints of the agents in `sleep`: first touch and count in the arena.
    var footprints = InlineArray<32, SleepingStep>(repeating: SleepingStep())
  }

  struct SleepingStep {
    var first: Int32 = 0
    var count: Int32 = 0
    /// Nothing comes after it, so it is not the same as before and after another step.
    var endsExecution = false
  }

  /// A search of all traces.
  public override init(traceCapacity: Int = 1 << 20) {
    super.init(traceCapacity: traceCapacity)
    nodes.reserveCapacity(Engine.defaultStepLimit + 1)
    arena.reserveCapacity(Engine.defaultStepLimit * 8)
  }

  public override var name: String { "dpor" }
  public override var wantsEveryStep: Bool { true }
  public override var needsTrace: Bool { true }

  /// Two kinds of programs are searched in part only: those with calls, because turning interrupts
  /// off is no step that an interrupt could be seen to race with; and those that end while hardware
  /// has something left to do, because every last step of a pCPU races with that.
  public override var isComplete: Bool { super.isComplete && !isBeyondFootprints }

  public override func begin(_ seed: Seed, _ shape: ProgramShape) {
    step = 0
    events.begin(shape)
  }

  public override func choose(_ point: DecisionPoint) -> Int {
    if step > 0 { lookBack(point.state, enabledNow: point.enabled) }
    if step == nodes.count {
      let sleep = step == 0 ? AgentSet(bits: 0) : inheritedSleep(point.state)
      let awake = AgentSet(bits: point.enabled.bits & ~sleep.bits)
      if awake.isEmpty { return Strategy.abandon }
      // Going on with the same pCPU keeps the first schedules easy to read.
      open(point.enabled, sleep, choice: awake.contains(point.last) ? point.last : awake.first)
    }
    if nodes[step].enabled != point.enabled {
      isNondeterministic = true
      return Strategy.abandon
    }
    defer { step += 1 }
    return nodes[step].choice
  }

  /// Choices of the workload are not reduced: a program for this search makes none.
  public override func chooseValue(below count: Int) -> Int {
    preconditionFailure("a program with choices of its own cannot be searched by dpor")
  }

  // MARK: Nodes

  private var pendingSleep = InlineArray<32, SleepingStep>(repeating: SleepingStep())

  private func open(_ enabled: AgentSet, _ sleep: AgentSet, choice: Int) {
    var backtrack = AgentSet(bits: 0)
    backtrack.insert(choice)
    nodes.append(
      Node(
        enabled: enabled, backtrack: backtrack, sleep: sleep, choice: choice,
        arenaEnd: arena.count, footprints: pendingSleep))
  }

  /// Who still sleeps after the last step: those whose step does not depend on it.
  private func inheritedSleep(_ state: UnsafeMutablePointer<EngineState>) -> AgentSet {
    let parent = nodes[step - 1]
    var sleep = AgentSet(bits: 0)
    pendingSleep = parent.footprints
    parent.sleep.forEach { agent in
      let footprint = parent.footprints[agent]
      if agent != parent.choice, !events.depends(step - 1, on: footprint, arena, state) {
        sleep.insert(agent)
      }
    }
    return sleep
  }

  // MARK: Races

  /// The step before this one is done: its place in happens-before, and whom it raced with.
  private func lookBack(
    _ state: UnsafeMutablePointer<EngineState>, enabledNow: AgentSet
  ) {
    let last = step - 1
    let isNew = last >= firstNew
    events.add(last, state) { [self] race in if isNew { reverse(race, last) } }
    if isNew { tryThoseNowDisabled(last, state, enabledNow) }
  }

  /// Hardware that could have taken a step before `index` and can't any more: it must be tried in
  /// its place. (A pCPU that can't go on will, later, and its race is seen then.)
  private func tryThoseNowDisabled(
    _ index: Int, _ state: UnsafeMutablePointer<EngineState>, _ enabledNow: AgentSet
  ) {
    let pcpus = AgentSet(bits: (1 &<< UInt64(state.pointee.pcpuCount)) &- 1)
    var lost = AgentSet(bits: nodes[index].enabled.bits & ~enabledNow.bits & ~pcpus.bits)
    lost.remove(nodes[index].choice)
    nodes[index].backtrack.bits |= lost.bits
  }

  /// Somebody who can start the reversal of a race must be tried before its first step.
  private func reverse(_ first: Int, _ second: Int) {
    let initials = events.initials(after: first, upTo: second)
    if initials.bits & nodes[first].backtrack.bits != 0 { return }
    let possible = AgentSet(bits: initials.bits & nodes[first].enabled.bits)
    if !possible.isEmpty {
      nodes[first].backtrack.insert(possible.first)
    } else {
      nodes[first].backtrack.bits |= nodes[first].enabled.bits
    }
  }

  // MARK: Going on

  public override func advance(_ engine: Engine) -> Bool {
    if isNondeterministic { return false }
    let state = engine.state
    // The last step has had no successor to look back from.
    if state.pointee.steps == step, step > 0 {
      lookBack(state, enabledNow: AgentSet(bits: state.pointee.hardwareEnabled.bits))
    }
    let endsAll = step > 0 && cutsShort(state)
    if endsAll { reverseEnd(step - 1, state) }
    noteWhatFootprintsDoNotTell(state)
    if case .violation = state.pointee.outcome { freeThoseWhoWait(state) }
    while var node = nodes.popLast() {
      let depth = nodes.count
      putToSleep(&node, depth, endsExecution: endsAll && depth == step - 1, state)
      let rest = AgentSet(bits: node.backtrack.bits & ~node.sleep.bits & node.enabled.bits)
      if !rest.isEmpty {
        node.choice = rest.first
        nodes.append(node)
        firstNew = depth
        return true
      }
      arena.removeSubrange(node.arenaEnd...)
    }
    return false
  }

  /// The agent that was chosen at `depth` has been explored there.
  private func putToSleep(
    _ node: inout Node, _ depth: Int, endsExecution: Bool,
    _ state: UnsafeMutablePointer<EngineState>
  ) {
    let touches = events.touches(of: depth, state)
    node.footprints[node.choice] = SleepingStep(
      first: Int32(arena.count), count: Int32(touches.count), endsExecution: endsExecution)
    arena.append(contentsOf: touches)
    node.sleep.insert(node.choice)
  }

  // MARK: Ends

  /// Whether the last step has kept others from steps that they could still have taken: it broke a
  /// rule, or the last program ended while hardware had something to do.
  private func cutsShort(_ state: UnsafeMutablePointer<EngineState>) -> Bool {
    switch state.pointee.outcome {
    case .violation(.deadlock), .stepLimit, .abandoned: false
    case .violation, .finished: true
    }
  }

  /// Whoever could go must be tried in place of the last step, and the last step in place of those
  /// that it would have kept from being taken.
  private func reverseEnd(_ last: Int, _ state: UnsafeMutablePointer<EngineState>) {
    nodes[last].backtrack.bits |= nodes[last].enabled.bits
    let hasFinished = state.pointee.outcome == .finished
    let pcpuCount = state.pointee.pcpuCount
    events.races(ofEnd: last) { [self] step in
      // An end that needs every program's last step cannot come before one of them.
      if hasFinished && events.agent(of: step) < pcpuCount { return }
      reverse(step, last)
    }
  }

  private func noteWhatFootprintsDoNotTell(_ state: UnsafeMutablePointer<EngineState>) {
    let isLeft = state.pointee.outcome == .finished && !state.pointee.hardwareEnabled.isEmpty
    if isLeft || state.pointee.anyCalls { isBeyondFootprints = true }
  }

  /// A pCPU that waits at the end has taken no step that could be seen to race: it could have gone
  /// on before the step that made it wait.
  private func freeThoseWhoWait(_ state: UnsafeMutablePointer<EngineState>) {
    state.pointee.ready.forEach { pcpu in
      guard let step = events.step(thatBlocks: pcpu, state) else { return }
      nodes[step].backtrack.bits |= nodes[step].enabled.bits
    }
  }
}
