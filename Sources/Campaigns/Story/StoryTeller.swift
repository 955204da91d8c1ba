// From a recorded execution to its story and its timeline.

import Domain
import Exploration
import Machines

/// Tells one execution of one world.
struct StoryTeller {
  let world: ControlledWorld
  let names: TraceNames

  /// The table. `critical` are the two steps whose order decides, by place.
  func story(of execution: RecordedExecution, critical: [Int]) -> Story {
    let text = StepText(names: names)
    var rows: [Story.Row] = []
    var programSteps = [Int32](repeating: -1, count: names.pcpuCount)
    for folded in execution.foldedRows(alone: critical) {
      let place = folded.first
      let event = execution.events[place]
      let column = event.agent.pcpu(pcpuCount: names.pcpuCount).index
      let isPCPU = event.agent.number < names.pcpuCount
      if isPCPU, event.programStep != programSteps[column], event.programStep >= 0 {
        programSteps[column] = event.programStep
        rows.append(
          Story.Row(
            step: nil, column: column,
            text: "-- \(world.stepTexts[column][Int(event.programStep)])"))
      }
      rows.append(
        Story.Row(
          step: place + 1, isCritical: critical.contains(place), column: column,
          text: folded.count == 1
            ? text.cell(event)
            : text.cells(execution.events[place..<place + folded.count])))
    }
    return Story(
      columns: (0..<names.pcpuCount).map(column), rows: rows,
      sentence: sentence(of: execution))
  }

  /// A pCPU, or a further task of one.
  private func column(_ number: Int) -> String {
    let pcpus = world.scenario.pcpus
    return number < pcpus ? "pcpu\(number)" : "pcpu\(number), a task on pcpu\(number % pcpus)"
  }

  /// The oracle's sentence; what else happened if no oracle spoke.
  func sentence(of execution: RecordedExecution) -> String {
    switch execution.end.outcome {
    case .violation(let violation):
      ViolationText(execution, names).sentence(violation)
    case .finished: "every pCPU has run its program, and no oracle said anything"
    case .stepLimit: "more steps than allowed: neither pass nor fail"
    case .abandoned: "given up"
    }
  }

  /// A track for each agent that took a step, and a flow from each write to the reads that saw it.
  func timeline(of execution: RecordedExecution) -> Timeline {
    let text = StepText(names: names)
    let agents = (0..<names.pcpuCount).map { Agent($0) }
    let hardware = Set(execution.events.map(\.agent)).subtracting(agents)
      .sorted { $0.number < $1.number }
    let all = agents + hardware
    let tracks = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
    return Timeline(
      tracks: all.map(names.agent),
      steps: execution.events.map { event in
        Timeline.Step(
          track: tracks[event.agent, default: 0], name: text.cell(event),
          object: names.object(of: event.operation), value: text.value(event),
          order: "\(event.operation.order)", site: names.site(event.operation.site))
      },
      flows: flows(execution))
  }

  /// Who read from whom. All words are sequentially consistent: a read sees the last write.
  private func flows(_ execution: RecordedExecution) -> [Timeline.Flow] {
    var lastWrite: [Int: Int] = [:]
    var flows: [Timeline.Flow] = []
    for (place, touches) in execution.touches.enumerated() {
      for touch in touches {
        let from = lastWrite[touch.object]
        if let from, !touch.writes || execution.events[place].operation.kind.alsoReads {
          flows.append(Timeline.Flow(from: from, to: place))
        }
        if touch.writes { lastWrite[touch.object] = place }
      }
    }
    return flows
  }
}

extension StepKind {
  /// Whether a step of this kind that writes has read as well.
  fileprivate var alsoReads: Bool {
    switch self {
    case .exchange, .add, .or, .compareExchange, .acquire: true
    default: false
    }
  }
}
