// A replay file with its names looked up: ready to run.

import Allocators
import Domain
import Exploration
import Machines

/// A replay file and the world that it runs in.
struct LoadedReplay {
  let file: ReplayFile
  let world: ControlledWorld
  let program: ControlledProgram
  let names: TraceNames
  let schedule: Schedule
  var teller: StoryTeller { StoryTeller(world: world, names: names) }

  /// Looks up everything that the file at `path` names.
  ///
  /// - Throws: `ReplayFileError`.
  init(path: String) throws(ReplayFileError) {
    file = try ReplayFile.load(path: path)
    world = try Self.world(of: file, path)
    guard let hash = Seed(parsing: file.traceHash)?.value else {
      throw ReplayFileError(path, .badHash(file.traceHash))
    }
    do {
      program = try world.program()
    } catch {
      throw ReplayFileError(path, .badScenario(error))
    }
    names = TraceNames(world, program)
    let reader = ChoiceReader(names: names, path: path)
    var steps: [ScheduleStep] = []
    for (place, choice) in file.choices.enumerated() {
      steps.append(try reader.step(choice, place))
    }
    var values: [RecordedChoice] = []
    for (place, value) in file.values.enumerated() {
      values.append(try reader.value(value, place))
    }
    schedule = Schedule(
      pcpuCount: names.pcpuCount, steps: steps, choices: values,
      verdict: Exploration.Verdict(
        name: file.outcome.kind, oracle: file.outcome.oracle.flatMap(OracleID.init(rawValue:)),
        subject: file.outcome.subject),
      traceHash: hash)
  }

  private static func world(
    of file: ReplayFile, _ path: String
  ) throws(ReplayFileError) -> ControlledWorld {
    var fault: Fault?
    if let name = file.fault {
      fault = Fault.named(name)
      if fault == nil {
        throw ReplayFileError(path, .unknownFault(name, names: Fault.all.map(\.name)))
      }
    }
    let world: ControlledWorld
    do {
      let scenario = try Scenario(name: file.scenarioName, values: file.scenario)
      try scenario.validate()
      world = try ControlledWorld(scenario, fault: fault)
    } catch {
      throw ReplayFileError(path, .badScenario(error))
    }
    if world.system.name != file.system {
      throw ReplayFileError(path, .otherSystem(file.system, scenario: world.system.name))
    }
    return world
  }
}

/// Names of choices to numbers.
private struct ChoiceReader {
  let names: TraceNames
  let path: String

  func step(_ choice: [ScenarioValue], _ place: Int) throws(ReplayFileError) -> ScheduleStep {
    guard choice.count == 5, case .text(let agent) = choice[0], case .text(let kind) = choice[1],
      case .text(let object) = choice[2], case .text(let site) = choice[3],
      let value = Self.number(choice[4])
    else { throw ReplayFileError(path, .badChoice(place + 1)) }
    return ScheduleStep(
      agent: try found(names.agent(named: agent), "agent", agent, place, names.knownAgents),
      kind: try found(
        names.kind(named: kind), "kind of step", kind, place, StepKind.allCases.map(\.name)),
      object: try found(names.object(named: object), "object", object, place, names.knownObjects),
      site: try found(names.site(named: site), "site", site, place, names.knownSites),
      result: value, programStep: -1)
  }

  /// A choice of the workload: step, agent, of how many, which.
  func value(_ value: [ScenarioValue], _ place: Int) throws(ReplayFileError) -> RecordedChoice {
    guard value.count == 4, case .integer(let step) = value[0], case .text(let name) = value[1],
      case .integer(let count) = value[2], case .integer(let taken) = value[3],
      count > 0, (0..<count).contains(taken)
    else { throw ReplayFileError(path, .badValue(place + 1)) }
    return RecordedChoice(
      step: step,
      agent: try found(names.agent(named: name), "agent", name, place, names.knownAgents),
      count: count, value: taken)
  }

  private func found<Thing>(
    _ thing: Thing?, _ kind: String, _ name: String, _ place: Int, _ known: [String]
  ) throws(ReplayFileError) -> Thing {
    if let thing { return thing }
    throw ReplayFileError(
      path,
      .unknownName(
        kind: kind, name, choice: place + 1, nearest: nearestName(to: name, among: known)))
  }

  private static func number(_ value: ScenarioValue) -> UInt64? {
    switch value {
    case .integer(let integer): UInt64(exactly: integer)
    case .text(let text): Seed(parsing: text)?.value
    default: nil
    }
  }
}
