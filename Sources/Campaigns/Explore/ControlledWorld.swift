// From a scenario, and perhaps a fault, to a program whose every step a scheduler decides.

import Allocators
import Domain
import Exploration
import Machines

/// A scenario with a program, ready to be explored or replayed.
public struct ControlledWorld: Sendable {
  /// The scenario.
  public let scenario: Scenario
  /// What is wrong on purpose; nil for nothing.
  public let fault: Fault?
  /// What runs.
  public let system: TagSystem
  var setup: ProgramSetup
  /// Builds another program in its place: one that misbehaves, for the checks of an exploration.
  var substitute: (@Sendable () throws -> ControlledProgram)?
  /// What each pCPU does, as the scenario writes it: headings of stories.
  let stepTexts: [[String]]

  /// The controlled run that `scenario`, which is valid, asks for.
  ///
  /// - Throws: `ExploreError` if it has no program, `PlanError` if it does not fit the system.
  public init(_ scenario: Scenario, fault: Fault? = nil) throws {
    guard let steps = try scenario.programSteps() else {
      throw ExploreError.noProgram(
        scenario.name, names: Self.explorableNames)
    }
    // The checks of systems, faults and tags are those of a soak.
    let order = try SoakOrder(scenario, fault: fault, seed: Seed(0), controlled: true)
    if steps.joined().contains(where: \.isPin), !order.system.traits.canPin {
      throw PlanError.cannotPin(
        system: order.system.name, names: TagSystem.all.filter(\.traits.canPin).map(\.name))
    }
    if steps.joined().contains(where: \.isNested) { try SoakOrder.checkNests(order.system) }
    self.scenario = scenario
    self.fault = fault
    system = order.system
    stepTexts = steps.map { $0.map(Self.heading) }
    setup = ProgramSetup(
      configuration: order.setup.configuration, plan: order.setup.plan,
      steps: Self.programSteps(steps, vcpusPerVM: scenario.vcpusPerVM))
  }

  /// Builds it.
  ///
  /// - Throws: `AllocationError` if the system cannot hold the VMs.
  func program() throws -> ControlledProgram {
    try substitute?() ?? system.prepareProgram(setup)
  }

  /// The built-in scenarios that have a program.
  static var explorableNames: [String] {
    ((try? ScenarioLibrary.builtIn.all) ?? []).filter { $0.program != nil }.map(\.name)
  }

  /// A vCPU is handed over with its claim word if somebody else may want it: another pCPU that
  /// runs it, or one that ends its VM.
  private static func programSteps(
    _ steps: [[Scenario.ProgramStep]], vcpusPerVM: Int
  ) -> [[ProgramStep]] {
    var homes: [Scenario.ScriptedVCPU: Set<Int>] = [:]
    var ending: Set<VMSlot> = []
    for (pcpu, list) in steps.enumerated() {
      for step in list {
        if let vcpu = step.vcpu { homes[vcpu, default: []].insert(pcpu) }
        if case .end(let vm) = step { ending.insert(vm) }
      }
    }
    func index(_ vcpu: Scenario.ScriptedVCPU) -> Int { vcpu.vm.index * vcpusPerVM + vcpu.index }
    func claims(_ vcpu: Scenario.ScriptedVCPU) -> Bool {
      homes[vcpu, default: []].count > 1 || ending.contains(vcpu.vm)
    }
    return steps.map { list in
      list.map { step in
        switch step {
        case .run(let vcpu, let entries, let abortsFirst):
          .run(
            vcpu: index(vcpu), entries: entries, abortsFirst: abortsFirst, claims: claims(vcpu))
        case .nest(let vcpu, let actions):
          .nest(vcpu: index(vcpu), NestedActions(actions), claims: claims(vcpu))
        case .unmap(let vm, let page): .unmap(vm: vm.index, page: page)
        case .change(let vm, let change): .change(vm: vm.index, TableChange(change))
        case .end(let vm): .end(vm: vm.index)
        case .offline: .offline
        case .online: .online
        case .pin(let vm): .pin(vm: vm.index)
        case .unpin(let vm): .unpin(vm: vm.index)
        }
      }
    }
  }

  private static func heading(_ step: Scenario.ProgramStep) -> String {
    switch step {
    case .run(let vcpu, let entries, let abortsFirst):
      "run vCPU \(vcpu)" + (entries == 1 ? "" : ", \(entries) entries")
        + (abortsFirst ? ", the first one aborted once" : "")
    case .unmap(let vm, let page): "unmap page \(page) of \(vm)"
    case .change(let vm, .unmap(let first, let pages)):
      "unmap pages \(first) to \(first + pages - 1) of \(vm)"
    case .change(let vm, .protect(let first, let pages)):
      "write-protect pages \(first) to \(first + pages - 1) of \(vm)"
    case .change(let vm, .collapse(let page)): "map a block around page \(page) of \(vm)"
    case .change(let vm, .split(let page)): "split the block around page \(page) of \(vm)"
    case .end(let vm): "end \(vm)"
    case .offline: "go offline"
    case .online: "come back online"
    case .pin(let vm): "pin \(vm)"
    case .unpin(let vm): "unpin \(vm)"
    case .nest(let vcpu, let actions):
      "run vCPU \(vcpu), a hypervisor: " + actions.map(\.description).joined(separator: ", ")
    }
  }
}

extension Scenario.ProgramStep {
  /// The vCPU that it runs.
  fileprivate var vcpu: Scenario.ScriptedVCPU? {
    switch self {
    case .run(let vcpu, _, _), .nest(let vcpu, _): vcpu
    default: nil
    }
  }

  fileprivate var isNested: Bool { if case .nest = self { true } else { false } }

  fileprivate var isPin: Bool {
    switch self {
    case .pin, .unpin: true
    default: false
    }
  }
}

/// Why nothing can be explored.
public enum ExploreError: Error, Equatable {
  case noProgram(String, names: [String])
  case unknownStrategy(String, names: [String])
  case dporAndChoices(String, pages: Int)
  case dporAndFailures(String)
  case unwritable(path: String, reason: String, option: String)
}

extension ExploreError: CustomStringConvertible {
  /// What was wanted, what was given, what to do.
  public var description: String {
    switch self {
    case .noProgram(let scenario, let names):
      "scenario \(scenario) has no program, and only fixed programs can be explored; give "
        + "program: [[\"0.0\"], ...], or take one of \(firstNames(names))"
    case .unknownStrategy(let name, let names):
      "there is no strategy '\(name)'; "
        + (nearestName(to: name, among: names).map { "did you mean \($0)? " } ?? "")
        + "there are \(names.joined(separator: ", "))"
    case .dporAndChoices(let scenario, let pages):
      "dpor cannot search scenario \(scenario): with \(pages) pages the hardware chooses which one "
        + "to fill unasked, and dpor reduces steps, not choices; take --strategy dfs, or "
        + "pagesPerVM: 1"
    case .dporAndFailures(let scenario):
      "dpor cannot search scenario \(scenario): with failEvery steps may fail, and dpor reduces "
        + "steps, not choices; take --strategy dfs, or --fail-every 0"
    case .unwritable(let path, let reason, let option):
      "\(path) cannot be written: \(reason); give another place with \(option)"
    }
  }
}

extension TableChange {
  fileprivate init(_ step: Scenario.TableStep) {
    switch step {
    case .unmap(let first, let pages): self = .unmap(first: UInt64(first), pages: UInt64(pages))
    case .protect(let first, let pages): self = .protect(first: UInt64(first), pages: UInt64(pages))
    case .collapse(let page): self = .collapse(page: UInt64(page))
    case .split(let page): self = .split(page: UInt64(page))
    }
  }
}
