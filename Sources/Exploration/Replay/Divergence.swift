// The first place where a repetition goes another way than the recording, with both sides.

import Domain
import Machines

/// Where a replay left its recording.
public struct Divergence: Equatable, Sendable {
  /// What is different.
  public enum Difference: Equatable, Sendable {
    /// The recorded agent has ended, waits, or its hardware has nothing to do.
    case cannotGo
    /// The recorded agent would do something else.
    case wouldDoOtherwise
    /// The step was taken, and returned this instead of what was recorded.
    case returned(UInt64)
    /// The workload asked for a choice among so many, and the recording has none here.
    case asksForChoice(below: Int)
    /// All recorded steps are taken, and the execution is not over.
    case goesOn
    /// The execution is over, and so it ended.
    case ended(Verdict)
    /// All steps are equal, but not the hash over them.
    case hash(UInt64)
  }

  /// An agent at the place where the replay stopped.
  public struct Present: Equatable, Sendable {
    /// Who.
    public let agent: Agent
    /// What it would do.
    public let operation: ControlledOperation
    /// Whether it could go.
    public let isEnabled: Bool
  }

  /// The number of the step.
  public let step: Int
  /// What was recorded there; nil behind the last step.
  public let recorded: ScheduleStep?
  /// What is there instead.
  public let difference: Difference
  /// Who is there, and what each would do. Empty if the execution was over.
  public let present: [Present]
}

extension Divergence {
  /// Both sides in names, a line for each agent.
  ///
  /// - Parameter site: the name of a site.
  public func text(on engine: Engine, site: (Site) -> String) -> String {
    let count = engine.shape.pcpuCount
    func name(_ agent: Agent, _ kind: StepKind, _ object: Int, _ place: Site) -> String {
      // Hardware steps have objects of the hardware; a pCPU's have words where they have any.
      let isWord = agent.number >= count || object < engine.objects.words && kind.isOnWord
      let what = isWord ? " \(engine.objects.name(object, engine.program.memory))" : ""
      let where_ = place == Site(0) ? "" : " at \(site(place))"
      return "\(agent.name(pcpuCount: count)) \(kind.name)\(what)\(where_)"
    }
    var lines = ["step \(step) differs from the recording"]
    if let recorded {
      let event = name(recorded.agent, recorded.kind, recorded.object, recorded.site)
      lines.append("recorded: \(event) -> \(recorded.result)")
    } else {
      lines.append("recorded: the end")
    }
    switch difference {
    case .cannotGo: lines.append("now: it cannot go")
    case .wouldDoOtherwise: lines.append("now: it would do something else")
    case .returned(let value): lines.append("now: -> \(value)")
    case .asksForChoice(let count): lines.append("now: a choice below \(count), not recorded")
    case .goesOn: lines.append("now: the execution goes on")
    case .ended(let verdict): lines.append("now: the execution is over: \(verdict)")
    case .hash: lines.append("now: other choices were made")
    }
    for one in present {
      let event = name(
        one.agent, one.operation.kind, one.operation.object, one.operation.site)
      lines.append("  \(one.isEnabled ? "enabled" : "waiting") \(event)")
    }
    return lines.joined(separator: "\n")
  }
}

extension DecisionPoint {
  /// Everybody who is there, and what each would do.
  var present: [Divergence.Present] {
    let everybody = AgentSet(bits: state.pointee.ready.bits | enabled.bits)
    var present: [Divergence.Present] = []
    everybody.forEach { agent in
      present.append(
        Divergence.Present(
          agent: Agent(agent), operation: pending(agent), isEnabled: enabled.contains(agent)))
    }
    return present
  }

  /// What the last step returned; nil if the execution is not recorded or has only begun.
  var lastResult: UInt64? {
    guard state.pointee.isRecording, step > 0 else { return nil }
    return state.pointee.trace[step - 1].result
  }
}
