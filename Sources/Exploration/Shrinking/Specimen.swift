// A failing execution under the shrinker's knife: its schedule, the part of the program that it
// runs, and what its steps touch.

import Machines

struct Specimen {
  /// The steps of each pCPU's program that are still there, by their first numbers.
  let kept: [[Int]]
  let schedule: Schedule
  let touches: [[Touch]]
  /// The steps whose past is the whole story: the last one, and who else took part.
  let ends: [Int]
  /// pCPUs that could have gone on after their last step.
  let couldGoOn: AgentSet
  /// Steps before which the pCPU that ran last could have gone on.
  let preemptions: [Int]
  let happensBefore: HappensBefore

  /// The last execution of `engine`, which was recorded.
  init(_ engine: Engine, kept: [[Int]]) {
    self.kept = kept
    schedule = engine.recordedSchedule()
    touches = schedule.steps.indices.map { engine.touches(ofStep: $0) }
    let trace = engine.trace()
    preemptions = trace.indices.filter { trace[$0].wasChosen && trace[$0].preempts }
    ends = Specimen.ends(of: engine.state.pointee.outcome, schedule)
    // From the end: an agent that has not been met yet takes no step any more.
    var met = AgentSet(bits: 0)
    var couldGoOn = AgentSet(bits: 0)
    for event in trace.reversed() {
      met.insert(event.agent.number)
      couldGoOn.bits |= event.enabled.bits & ~met.bits
    }
    self.couldGoOn = couldGoOn
    happensBefore = HappensBefore(
      agents: schedule.steps.map(\.agent.number), touches: touches)
  }

  /// The same steps in another order, in which the same steps depend on each other.
  init(_ other: Specimen, order: [Int], preemptions: [Int]) {
    kept = other.kept
    schedule = other.schedule.reordered(order)
    touches = order.map { other.touches[$0] }
    var places = [Int](repeating: 0, count: order.count)
    for (place, step) in order.enumerated() { places[step] = place }
    ends = other.ends.map { places[$0] }
    couldGoOn = other.couldGoOn
    self.preemptions = preemptions
    happensBefore = HappensBefore(
      agents: schedule.steps.map(\.agent.number), touches: touches)
  }

  /// How many steps there are.
  var count: Int { schedule.steps.count }

  /// Whether `step` is one of a pCPU and not of hardware.
  func isPCPU(_ step: Int) -> Bool {
    schedule.steps[step].agent.number < schedule.pcpuCount
  }

  /// The pCPU that `step` belongs to, itself or as its hardware.
  func pcpu(of step: Int) -> Int { schedule.steps[step].agent.number % schedule.pcpuCount }

  /// An oracle looks at the last step. Two findings have more than one end: plain memory is no part
  /// of a footprint, so the other side of a race is not in the last step's past; and a deadlock is
  /// everybody's.
  private static func ends(of outcome: Outcome, _ schedule: Schedule) -> [Int] {
    guard let last = schedule.steps.indices.last else { return [] }
    func lastStep(of pcpu: Int) -> Int? {
      schedule.steps.lastIndex { $0.agent.number == pcpu }
    }
    switch outcome {
    case .violation(.race(_, _, let other, _)): return [last, lastStep(of: other) ?? last]
    case .violation(.deadlock):
      return [last] + (0..<schedule.pcpuCount).compactMap(lastStep)
    default: return [last]
    }
  }
}
