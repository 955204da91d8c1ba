// A schedule: everything in an execution that was not determined by its program, and enough of the
// rest to notice at once when a repetition goes another way.

import Domain
import Machines

/// One step of a schedule.
public struct ScheduleStep: Hashable, Sendable {
  /// Who takes it.
  public let agent: Agent
  /// What is done.
  public let kind: StepKind
  /// The number of the object that it is done to.
  public let object: Int
  /// Where in the source.
  public let site: Site
  /// What it returns. Not part of the step's identity: see `matches`.
  public let result: UInt64
  /// The step of the pCPU's program that it belongs to; -1 before the first.
  public let programStep: Int

  /// A step of these parts.
  public init(
    agent: Agent, kind: StepKind, object: Int, site: Site, result: UInt64, programStep: Int
  ) {
    self.agent = agent
    self.kind = kind
    self.object = object
    self.site = site
    self.result = result
    self.programStep = programStep
  }

  /// Whether `operation`, by the same agent, is this step: by what it does, never by its number.
  public func matches(_ operation: ControlledOperation) -> Bool {
    operation.kind == kind && operation.object == object && operation.site == site
  }
}

/// A whole execution, step by step: also the steps where only one agent could go.
public struct Schedule: Hashable, Sendable {
  /// pCPUs of the program.
  public let pcpuCount: Int
  /// Every step.
  public var steps: [ScheduleStep]
  /// What the workload drew, in order.
  public var choices: [RecordedChoice]
  /// How the execution ended.
  public var verdict: Verdict
  /// Over every step and choice, with the values.
  public var traceHash: UInt64

  /// A schedule of these parts.
  public init(
    pcpuCount: Int, steps: [ScheduleStep], choices: [RecordedChoice], verdict: Verdict,
    traceHash: UInt64
  ) {
    self.pcpuCount = pcpuCount
    self.steps = steps
    self.choices = choices
    self.verdict = verdict
    self.traceHash = traceHash
  }

  /// The same steps in another order, or some of them: `order` are their numbers. Choices go with
  /// their steps; those from before the first step stay.
  func reordered(_ order: [Int]) -> Schedule {
    var places = [Int](repeating: -1, count: steps.count)
    for (place, number) in order.enumerated() { places[number] = place }
    let moved = choices.compactMap { choice -> RecordedChoice? in
      guard choice.step >= 0 else { return choice }
      guard places[choice.step] >= 0 else { return nil }
      var choice = choice
      choice.step = places[choice.step]
      return choice
    }
    // Choices of one step keep their order.
    let sorted = moved.enumerated().sorted {
      ($0.element.step, $0.offset) < ($1.element.step, $1.offset)
    }
    return Schedule(
      pcpuCount: pcpuCount, steps: order.map { steps[$0] }, choices: sorted.map(\.element),
      verdict: verdict, traceHash: traceHash)
  }
}

extension Engine {
  /// The last execution as a schedule; it must have been recorded.
  public func recordedSchedule() -> Schedule {
    Schedule(
      pcpuCount: shape.pcpuCount,
      steps: trace().map { event in
        ScheduleStep(
          agent: event.agent, kind: event.operation.kind, object: event.operation.object,
          site: event.operation.site, result: event.result, programStep: Int(event.programStep))
      },
      choices: choices(), verdict: verdict(of: state.pointee.outcome),
      traceHash: state.pointee.traceHash)
  }
}
