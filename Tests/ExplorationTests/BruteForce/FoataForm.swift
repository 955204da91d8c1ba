// The normal form of a trace by Cartier and Foata: its steps in layers, each step one layer above
// the last one that it depends on. Two executions that differ in the order of independent steps
// have the same layers; two that differ in more do not.

import Exploration

/// What is left of an execution when the order of independent steps is forgotten.
struct FoataForm: Hashable {
  /// Who takes a step in each layer: a bit for each agent.
  private var layers: [UInt32] = []
  /// What the workload has drawn: agent and choice, in the order of each agent.
  private var choices: [UInt32] = []

  /// The form of the execution that `engine` has recorded last.
  init(_ engine: Engine) {
    let trace = engine.trace()
    // Per object: the layers of its last write, and of its last read.
    var writeLayer: [Int: Int] = [:]
    var readLayer: [Int: Int] = [:]
    var agentLayer = [Int](repeating: 0, count: 32)
    for (step, event) in trace.enumerated() {
      let agent = event.agent.number
      let touches = engine.touches(ofStep: step)
      var layer = agentLayer[agent]
      for touch in touches {
        layer = max(layer, writeLayer[touch.object] ?? 0)
        if touch.writes { layer = max(layer, readLayer[touch.object] ?? 0) }
      }
      layer += 1
      agentLayer[agent] = layer
      for touch in touches {
        if touch.writes {
          writeLayer[touch.object] = layer
        } else {
          readLayer[touch.object] = max(readLayer[touch.object] ?? 0, layer)
        }
      }
      if layer > layers.count { layers.append(0) }
      layers[layer - 1] |= 1 << UInt32(agent)
    }
    choices = engine.choices()
      .enumerated().sorted {
        ($0.element.agent.number, $0.offset) < ($1.element.agent.number, $1.offset)
      }
      .map { UInt32($0.element.agent.number) << 16 | UInt32($0.element.value) }
  }
}

/// What each agent did, and what it saw: the same for all executions of one form, if what steps
/// touch is the truth.
struct Behaviour: Hashable {
  private var steps: [[UInt64]]
  private let outcome: String

  /// Of the execution that `engine` has recorded last.
  init(_ engine: Engine, _ end: ExecutionEnd) {
    steps = Array(repeating: [], count: 32)
    for event in engine.trace() {
      steps[event.agent.number] += [event.operation.bits, event.a, event.b, event.result]
    }
    outcome = end.outcome == .finished ? "" : "\(end.outcome)"
  }
}
