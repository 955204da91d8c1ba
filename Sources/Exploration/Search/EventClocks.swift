// Happens-before of one execution, step by step: vector clocks over the touches of its steps.

import Domain
import Machines

/// Which step happens before which, and which pairs race.
final class EventClocks {
  private var agents = 0
  private var objects = 0
  /// Per step: for each agent, how many of its steps happen before or are this one.
  private var clocks: [Int32] = []
  /// Per step: who took it.
  private var owners: [Int32] = []
  /// Per step: its number among its agent's steps, from 1.
  private var numbers: [Int32] = []
  /// Per agent: its last step, -1 for none.
  private var lastOfAgent: [Int] = []
  /// Per object: the last step that wrote it, -1 for none.
  private var lastWrite: [Int] = []
  /// Per object and agent: the agent's last read since then, -1 for none.
  private var lastReads: [Int] = []
  /// Per touch: the write to the same object before it, -1 for none.
  private var previousWrites: [Int] = []
  /// Per pCPU: the last step that ended its context, -1 for none.
  private var lastClear: [Int] = []
  /// Per pCPU: whether its context is live.
  private var isLive: [Bool] = []
  /// Touches before the first step: what pCPUs look at before they have anything to do.
  private var touchesBefore = 0
  private var candidates: [Int] = []
  /// Of them, those that made the step wait: its place is before them or behind what ended the wait.
  private var blockers: [Int] = []

  func begin(_ shape: ProgramShape) {
    agents = shape.agentCount
    owners.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    clocks.removeAll(keepingCapacity: true)
    previousWrites.removeAll(keepingCapacity: true)
    if lastOfAgent.count != agents { lastOfAgent = Array(repeating: -1, count: agents) }
    if lastClear.count != shape.pcpuCount {
      lastClear = Array(repeating: -1, count: shape.pcpuCount)
      isLive = Array(repeating: false, count: shape.pcpuCount)
    }
    for agent in 0..<agents { lastOfAgent[agent] = -1 }
    for pcpu in lastClear.indices {
      lastClear[pcpu] = -1
      isLive[pcpu] = false
    }
    for object in lastWrite.indices { lastWrite[object] = -1 }
    for place in lastReads.indices { lastReads[place] = -1 }
  }

  func agent(of step: Int) -> Int { Int(owners[step]) }

  /// The touches of `step`, of the execution that the engine holds.
  func touches(
    of step: Int, _ state: UnsafeMutablePointer<EngineState>
  ) -> UnsafeBufferPointer<Touch> {
    let first = Int(state.pointee.trace[step].firstTouch)
    let end =
      step + 1 < state.pointee.steps
      ? Int(state.pointee.trace[step + 1].firstTouch) : state.pointee.touchCount
    return UnsafeBufferPointer(start: state.pointee.touches + first, count: end - first)
  }

  /// Whether `step` depends on a step with another footprint.
  func depends(
    _ step: Int, on sleeping: SourceDPOR.SleepingStep, _ arena: [Touch],
    _ state: UnsafeMutablePointer<EngineState>
  ) -> Bool {
    if sleeping.endsExecution { return true }
    for touch in touches(of: step, state) {
      for place in Int(sleeping.first)..<Int(sleeping.first + sleeping.count)
      where arena[place].conflicts(with: touch) { return true }
    }
    return false
  }

  /// Whether `first` happens before `second` or is it.
  func isBefore(_ first: Int, _ second: Int) -> Bool {
    clocks[second * agents + Int(owners[first])] >= numbers[first]
  }

  /// Adds `step`, the next one, and calls `race` for each earlier step that it races with: one that
  /// it depends on, that is not before it through its own agent, and before which it could have
  /// been taken.
  func add(
    _ step: Int, _ state: UnsafeMutablePointer<EngineState>, race: (Int) -> Void
  ) {
    if lastWrite.isEmpty {
      objects = state.pointee.objects.count
      lastWrite = Array(repeating: -1, count: objects)
      lastReads = Array(repeating: -1, count: objects * agents)
    }
    let event = state.pointee.trace[step]
    if step == 0 { touchesBefore = Int(event.firstTouch) }
    let agent = event.agent.number
    let previous = lastOfAgent[agent]
    let touched = touches(of: step, state)
    candidates.removeAll(keepingCapacity: true)
    blockers.removeAll(keepingCapacity: true)
    for touch in touched { collect(touch, agent, event, state) }
    owners.append(Int32(agent))
    numbers.append(previous < 0 ? 1 : numbers[previous] + 1)
    join(step, agent, previous, touched)
    for (index, candidate) in candidates.enumerated()
    where !candidates[..<index].contains(candidate) && isDirect(candidate, previous) {
      race(candidate)
    }
    if state.pointee.hardware.fillsUnasked {
      for touch in touched where touch.writes {
        for clear in contextEnds(beside: touch, step, state) { race(clear) }
      }
    }
    noteContextEnd(agent, step, event)
    enter(step, agent, event, touched)
  }

  /// Whether nothing lies between `candidate` and the step in happens-before: neither its agent's
  /// previous step nor another step that it depends on. Behind what made it wait there is always
  /// something, at least what ended the wait: a critical section lies between two acquisitions.
  private func isDirect(_ candidate: Int, _ previous: Int) -> Bool {
    if previous >= 0, isBefore(candidate, previous) { return false }
    if blockers.contains(candidate) { return true }
    return !candidates.contains { $0 != candidate && isBefore(candidate, $0) }
  }

  /// Whoever takes entries from a TLB before the context beside it has ended gives the hardware
  /// something to fill. No step has seen that fill, so no footprint tells.
  private func contextEnds(
    beside touch: Touch, _ step: Int, _ state: UnsafeMutablePointer<EngineState>
  ) -> [Int] {
    let first = touch.object - state.pointee.objects.tlb(0)
    guard lastClear.indices.contains(first) else { return [] }
    return (first..<(first + state.pointee.hardware.threadsPerCore)).compactMap { pcpu in
      lastClear[pcpu] >= 0 && !isBefore(lastClear[pcpu], step) ? lastClear[pcpu] : nil
    }
  }

  /// A context ends when it is cleared, or when another one takes its place.
  private func noteContextEnd(_ agent: Int, _ step: Int, _ event: TraceEvent) {
    switch event.operation.kind {
    case .clearContext:
      lastClear[agent] = step
      isLive[agent] = false
    case .install:
      if isLive[agent] { lastClear[agent] = step }
      isLive[agent] = true
    default: break
    }
  }

  /// The steps that conflict with a touch and come last.
  private func collect(
    _ touch: Touch, _ agent: Int, _ event: TraceEvent,
    _ state: UnsafeMutablePointer<EngineState>
  ) {
    let object = touch.object
    if touch.writes {
      for other in 0..<agents where other != agent {
        let read = lastReads[object * agents + other]
        if read >= 0 { candidates.append(read) }
      }
    }
    var write = lastWrite[object]
    if event.operation.kind == .acquire || event.operation.kind == .wait,
      object == event.operation.object
    {
      // It had to wait for that write. The race is with the one that made it wait.
      let last = write
      write = blocker(
        of: PendingOperation(bits: event.operation.bits, a: event.a, b: event.b), state)
      if write >= 0, write != last { blockers.append(write) }
    }
    if write >= 0, Int(owners[write]) != agent { candidates.append(write) }
  }

  /// The last write before which `waiting`, which waits for a word, could have gone on; -1 for none.
  private func blocker(
    of waiting: PendingOperation, _ state: UnsafeMutablePointer<EngineState>
  ) -> Int {
    let object = waiting.operation.object
    var write = lastWrite[object]
    while write >= 0, !couldGoBefore(write, waiting, state) {
      write = writeBefore(write, object, state)
    }
    return write
  }

  /// Whether what `waiting` waits for was there before `write`.
  private func couldGoBefore(
    _ write: Int, _ waiting: PendingOperation, _ state: UnsafeMutablePointer<EngineState>
  ) -> Bool {
    let before = state.pointee.trace[write].before
    return waiting.operation.kind == .acquire
      ? before == 0 : EngineState.holds(before, waiting.a, waiting.b)
  }

  private func writeBefore(
    _ write: Int, _ object: Int, _ state: UnsafeMutablePointer<EngineState>
  ) -> Int {
    let first = Int(state.pointee.trace[write].firstTouch) - touchesBefore
    for (offset, touch) in touches(of: write, state).enumerated() where touch.object == object {
      return previousWrites[first + offset]
    }
    return -1
  }

  /// The clock of `step`: the join over all that it depends on.
  private func join(
    _ step: Int, _ agent: Int, _ previous: Int, _ touched: UnsafeBufferPointer<Touch>
  ) {
    let base = step * agents
    clocks.append(contentsOf: repeatElement(0, count: agents))
    if previous >= 0 { joinClock(base, previous) }
    for touch in touched {
      if lastWrite[touch.object] >= 0 { joinClock(base, lastWrite[touch.object]) }
      guard touch.writes else { continue }
      for other in 0..<agents {
        let read = lastReads[touch.object * agents + other]
        if read >= 0 { joinClock(base, read) }
      }
    }
    clocks[base + agent] = numbers[step]
  }

  private func joinClock(_ base: Int, _ earlier: Int) {
    for agent in 0..<agents {
      clocks[base + agent] = max(clocks[base + agent], clocks[earlier * agents + agent])
    }
  }

  /// From now on `step` is the last one of its agent and on its objects.
  private func enter(
    _ step: Int, _ agent: Int, _ event: TraceEvent, _ touched: UnsafeBufferPointer<Touch>
  ) {
    lastOfAgent[agent] = step
    for touch in touched {
      previousWrites.append(lastWrite[touch.object])
      if touch.writes {
        lastWrite[touch.object] = step
        for other in 0..<agents { lastReads[touch.object * agents + other] = -1 }
      } else {
        lastReads[touch.object * agents + agent] = step
      }
    }
  }

  /// Agents that can go first in a schedule in which `second` comes before `first`: those of the
  /// steps between the two that do not depend on `first`, and that of `second`, as far as nothing
  /// among these must come before them.
  func initials(after first: Int, upTo second: Int) -> AgentSet {
    var initials = AgentSet(bits: 0)
    var seen = AgentSet(bits: 0)
    var firsts = InlineArray<32, Int>(repeating: -1)
    for step in (first + 1)...second where step == second || !isBefore(first, step) {
      let agent = Int(owners[step])
      if seen.contains(agent) { continue }
      var isInitial = true
      seen.forEach { other in
        if isBefore(firsts[other], step) { isInitial = false }
      }
      seen.insert(agent)
      firsts[agent] = step
      if isInitial { initials.insert(agent) }
    }
    return initials
  }

  /// Calls `race` for each step that the end of the execution, which `last` brought about, could
  /// have come before: the last ones of the other agents, as far as nothing orders them.
  func races(ofEnd last: Int, race: (Int) -> Void) {
    let concurrent = lastOfAgent.filter { $0 >= 0 && $0 != last && !isBefore($0, last) }
    for step in concurrent
    where !concurrent.contains(where: { $0 != step && isBefore(step, $0) }) {
      race(step)
    }
  }

  /// The step that keeps `pcpu` waiting for ever; nil if it does not wait for a word, or if that
  /// step must come before its own last one.
  func step(
    thatBlocks pcpu: Int, _ state: UnsafeMutablePointer<EngineState>
  ) -> Int? {
    let waiting = state.pointee.pending[pcpu]
    let kind = waiting.operation.kind
    guard kind == .acquire || kind == .wait, !state.pointee.mayGoOn(pcpu), !lastWrite.isEmpty
    else { return nil }
    let step = blocker(of: waiting, state)
    let previous = lastOfAgent[pcpu]
    if step < 0 || Int(owners[step]) == pcpu { return nil }
    return previous >= 0 && isBefore(step, previous) ? nil : step
  }
}
