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
  let steps: [RecordedStep]
  let hash: UInt64
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
    self.hash = hash
    do {
      program = try world.program()
    } catch {
      throw ReplayFileError(path, .badScenario(error))
    }
    names = TraceNames(world, Engine(program))
    var steps: [RecordedStep] = []
    for (place, choice) in file.choices.enumerated() {
      steps.append(try Self.step(choice, place, names, path))
    }
    self.steps = steps
  }

  /// A strategy that does exactly what was recorded.
  func strict() -> StrictReplay { StrictReplay(steps, values: file.values, names: names) }

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
    do {
      let scenario = try Scenario(name: file.scenarioName, values: file.scenario)
      try scenario.validate()
      let world = try ControlledWorld(scenario, fault: fault)
      if world.system.name != file.system {
        throw ReplayFileError(
          path, .otherSystem(file.system, scenario: world.system.name))
      }
      return world
    } catch let error as ReplayFileError {
      throw error
    } catch {
      throw ReplayFileError(path, .badScenario(error))
    }
  }

  private static func step(
    _ choice: [ScenarioValue], _ place: Int, _ names: TraceNames, _ path: String
  ) throws(ReplayFileError) -> RecordedStep {
    guard choice.count == 5, case .text(let agentName) = choice[0],
      case .text(let kindName) = choice[1], case .text(let objectName) = choice[2],
      case .text(let siteName) = choice[3], let value = number(choice[4])
    else { throw ReplayFileError(path, .badChoice(place + 1)) }
    func unknown(_ kind: String, _ name: String, _ all: [String]) -> ReplayFileError {
      ReplayFileError(
        path,
        .unknownName(
          kind: kind, name, choice: place + 1, nearest: nearestName(to: name, among: all)))
    }
    guard let agent = names.agent(named: agentName) else { throw unknown("agent", agentName, []) }
    guard let kind = names.kind(named: kindName) else {
      throw unknown("kind of step", kindName, StepKind.allCases.map(\.name))
    }
    guard let object = names.object(named: objectName) else {
      throw unknown("object", objectName, names.knownObjects)
    }
    guard let site = names.site(named: siteName) else {
      throw unknown("site", siteName, names.knownSites)
    }
    return RecordedStep(
      agent: agent, operation: ControlledOperation(kind, site, object: object), value: value)
  }

  private static func number(_ value: ScenarioValue) -> UInt64? {
    switch value {
    case .integer(let integer): UInt64(exactly: integer)
    case .text(let text): Seed(parsing: text)?.value
    default: nil
    }
  }
}
