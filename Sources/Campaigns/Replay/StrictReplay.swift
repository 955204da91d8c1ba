// A replay that does exactly what was recorded, or says where it could not.

import Domain
import Exploration
import Machines

/// One recorded step, in numbers.
struct RecordedStep: Equatable {
  let agent: Agent
  let operation: ControlledOperation
  let value: UInt64

  init(agent: Agent, operation: ControlledOperation, value: UInt64) {
    self.agent = agent
    self.operation = operation
    self.value = value
  }

  init(_ event: TraceEvent) {
    self.init(agent: event.agent, operation: event.operation, value: event.result)
  }

  /// Same kind, object and site. The ordering is the source's.
  func isSameOperation(as other: ControlledOperation) -> Bool {
    operation.kind == other.kind && operation.site == other.site
      && operation.object == other.object
  }
}

/// Follows a recording step by step; gives up at the first one that cannot be taken.
final class StrictReplay: Strategy {
  private let steps: [RecordedStep]
  private let values: [Int]
  private var nextValue = 0
  /// The step that could not be taken, and what was there instead.
  private(set) var divergence: (step: Int, found: String)?
  private let names: TraceNames

  init(_ steps: [RecordedStep], values: [Int], names: TraceNames) {
    self.steps = steps
    self.values = values
    self.names = names
    super.init()
  }

  override var name: String { "replay" }
  override var wantsEveryStep: Bool { true }

  override func begin(_ seed: Seed, _ shape: ProgramShape) {
    nextValue = 0
    divergence = nil
  }

  override func choose(_ point: DecisionPoint) -> Int {
    let place = point.step
    guard place < steps.count else {
      return diverge(place, "\(pending(point, point.enabled.first)) comes after the last step")
    }
    let wanted = steps[place]
    let agent = wanted.agent.number
    guard point.enabled.contains(agent) else {
      var others: [String] = []
      point.enabled.forEach { others.append(names.agent(Agent($0))) }
      return diverge(
        place, "\(names.agent(wanted.agent)) cannot go, only \(others.joined(separator: ", "))")
    }
    guard wanted.isSameOperation(as: point.pending(agent)) else {
      return diverge(place, pending(point, agent))
    }
    return agent
  }

  override func chooseValue(below count: Int) -> Int {
    defer { nextValue += 1 }
    // A choice that was not recorded shows in the steps behind it.
    return nextValue < values.count ? min(values[nextValue], count - 1) : 0
  }

  private func diverge(_ place: Int, _ found: String) -> Int {
    divergence = (place, found)
    return Strategy.abandon
  }

  private func pending(_ point: DecisionPoint, _ agent: Int) -> String {
    names.text(Agent(agent), point.pending(agent))
  }
}

extension TraceNames {
  /// An operation of `agent` in one line: `pcpu1 load VM 0 id at fast-id`.
  func text(_ agent: Agent, _ operation: ControlledOperation) -> String {
    let object = object(of: operation)
    return "\(self.agent(agent)) \(operation.kind.name)" + (object == "-" ? "" : " \(object)")
      + " at \(site(operation.site))"
  }
}
