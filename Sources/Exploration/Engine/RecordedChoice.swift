// The choices of the workload, as they were drawn: a schedule that is to be repeated needs them as
// much as the order of the steps.

import Machines

/// A choice that a strategy has made for the workload, not for the schedule.
public struct RecordedChoice: Hashable, Sendable {
  /// The step that it belongs to: the last one of the pCPU that asked, or the unasked fill itself;
  /// -1 before the first.
  public var step: Int
  /// Who asked.
  public let agent: Agent
  /// Ways to choose from.
  public let count: Int
  /// Which was taken: 0 ..< `count`.
  public let value: Int

  /// A choice of these parts.
  public init(step: Int, agent: Agent, count: Int, value: Int) {
    self.step = step
    self.agent = agent
    self.count = count
    self.value = value
  }
}

extension EngineState {
  /// A workload that draws more often than it steps is not recorded to its end; its replay says so.
  static func choiceCapacity(_ stepLimit: Int) -> Int { 2 &* stepLimit &+ 64 }

  @inline(never)
  mutating func record(_ choice: Int, below count: Int, by agent: Int, inStep step: Int) {
    guard choiceCount < Self.choiceCapacity(stepLimit) else { return }
    choices[choiceCount] = RecordedChoice(
      step: step, agent: Agent(agent), count: count, value: choice)
    choiceCount &+= 1
  }
}

extension Engine {
  /// The choices of the workload in the last execution, in order; it must have been recorded.
  public func choices() -> [RecordedChoice] {
    precondition(state.pointee.isRecording, "the execution was not recorded")
    return (0..<state.pointee.choiceCount).map { state.pointee.choices[$0] }
  }
}
