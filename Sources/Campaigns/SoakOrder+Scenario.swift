// From a scenario, and perhaps a fault, to a soak.

import Allocators
import Domain
import EmbeddedScenarios
import Machines
import RangeInvalidation

extension ScenarioLibrary {
  /// The scenarios that are compiled in.
  public static let builtIn = ScenarioLibrary(embedded: embeddedScenarios)
}

/// Why a valid scenario cannot run.
public enum PlanError: Error, Equatable {
  case unknownSystem(String, names: [String])
  case faultOfAnotherSystem(fault: String, of: String, scenario: String)
  case sharedTLBs(threadsPerCore: Int)
  case notMadeForSharedTLBs(system: String, names: [String])
  case cannotPin(system: String, names: [String])
  case cannotNest(system: String, names: [String])
  case needsTables(system: String)
  case keepsNoTables(system: String, names: [String])
  case range(RangeError)
  case tooFewTags(system: String, needed: Int, usable: Int)
}

extension PlanError: CustomStringConvertible {
  /// What was wanted, what was given, what to do.
  public var description: String {
    switch self {
    case .unknownSystem(let name, let names):
      "no system is called '\(name)'; there are \(allOrFirstNames(names))"
    case .faultOfAnotherSystem(let fault, let system, let scenario):
      "fault \(fault) is one of \(system), but the scenario runs \(scenario); "
        + "give a scenario of \(system), or --system \(system)"
    case .sharedTLBs(let threadsPerCore):
      "threadsPerCore is \(threadsPerCore), but only pCPUs of controlled runs share a TLB; explore "
        + "the scenario, or give --threads-per-core 1"
    case .notMadeForSharedTLBs(let system, let names):
      "\(system) is not made for pCPUs that share a TLB; give --threads-per-core 1, or one of "
        + names.joined(separator: ", ")
    case .cannotPin(let system, let names):
      "the scenario pins VMs, but \(system) cannot; give one of \(names.joined(separator: ", "))"
    case .cannotNest(let system, let names):
      "the scenario has VMs that run guests of their own, but \(system) knows none; give "
        + names.joined(separator: " or ")
    case .needsTables(let system):
      "\(system) keeps tables with levels, but tableLevels is 0; give a scenario of it, such as "
        + "range-churn, or --table-levels 2"
    case .keepsNoTables(let system, let names):
      "the scenario's tables have levels, but \(system) keeps none; give "
        + names.joined(separator: " or ") + ", or --table-levels 0"
    case .range(let error): "\(error)"
    case .tooFewTags(let system, let needed, let usable):
      "\(system) needs at least \(needed) usable tags for so many pCPUs and VMs, but there are "
        + "\(usable); raise tagBits, lower vms or pcpus, or set fewTags: true to run into "
        + "exhaustion on purpose"
    }
  }
}

extension SoakOrder {
  /// The soak that `scenario`, which is valid, asks for; or, `controlled`, what a controlled run has
  /// in common with one.
  public init(
    _ scenario: Scenario, fault: Fault? = nil, seed: Seed, controlled: Bool = false
  ) throws(PlanError) {
    guard let named = TagSystem.named(scenario.system) else {
      throw .unknownSystem(scenario.system, names: TagSystem.all.map(\.name))
    }
    let system = fault?.kind.system ?? named
    if let fault, !fault.kind.fits(scenario.system) {
      throw .faultOfAnotherSystem(
        fault: fault.name, of: system.name, scenario: scenario.system)
    }
    try Self.checkTLBs(scenario, system, controlled: controlled)
    if scenario.pinEvery > 0, !system.traits.canPin {
      throw .cannotPin(
        system: system.name, names: TagSystem.all.filter(\.traits.canPin).map(\.name))
    }
    if scenario.nestedEvery > 0 { try Self.checkNests(system) }
    let tables = try Self.tablePlan(scenario, system)
    let needed = system.traits.leastTags(scenario.pcpus, scenario.vms)
    if scenario.usableTagCount < needed, !scenario.fewTags {
      throw .tooFewTags(system: system.name, needed: needed, usable: scenario.usableTagCount)
    }
    var plan = WorldPlan(scenario)
    if case .world(let change, _) = fault?.kind { change(&plan.knobs) }
    self.init(
      system: system,
      setup: SoakSetup(
        pcpus: scenario.pcpus,
        configuration: AllocatorConfiguration(
          tagBits: scenario.tagBits, hardwareTagBits: scenario.hardwareTagBitCount,
          usableTags: scenario.usableTagCount, pcpuCount: scenario.pcpus,
          vcpusPerVM: scenario.vcpusPerVM, tables: tables),
        plan: plan, oracles: scenario.oracles,
        pauses: PausePlan(scenario.perturb), seed: seed.child(scenario.name)),
      duration: scenario.duration)
    stallAfter = scenario.stallAfter
    watchdogEvery = scenario.watchdogEvery
  }
}

extension SoakOrder {
  static func checkNests(_ system: TagSystem) throws(PlanError) {
    if system.nests { return }
    throw .cannotNest(
      system: system.name, names: TagSystem.all.filter(\.nests).map(\.name))
  }

  /// The tables of an allocator that keeps them; nil for others.
  private static func tablePlan(
    _ scenario: Scenario, _ system: TagSystem
  ) throws(PlanError) -> TablePlan? {
    if system.keepsTables, scenario.tableLevels == 0 { throw .needsTables(system: system.name) }
    if scenario.tableLevels == 0 { return nil }
    if !system.keepsTables {
      throw .keepsNoTables(
        system: system.name, names: TagSystem.all.filter(\.keepsTables).map(\.name))
    }
    do {
      return TablePlan(scenario, try RangeFeatures(parsing: scenario.features))
    } catch {
      throw .range(error)
    }
  }

  private static func checkTLBs(
    _ scenario: Scenario, _ system: TagSystem, controlled: Bool
  ) throws(PlanError) {
    if scenario.threadsPerCore == 1 { return }
    if !controlled { throw .sharedTLBs(threadsPerCore: scenario.threadsPerCore) }
    if !system.traits.mayShareTLB {
      throw .notMadeForSharedTLBs(
        system: system.name, names: TagSystem.all.filter(\.traits.mayShareTLB).map(\.name))
    }
  }
}

extension TablePlan {
  /// What `scenario`, which is valid, says.
  init(_ scenario: Scenario, _ features: RangeFeatures) {
    let shape = TableShape(
      firstLevel: 4 - scenario.tableLevels, rootBits: scenario.rootBits, bits: scenario.tableBits,
      stride: UInt64(scenario.pageStride))
    let initially: Initially =
      switch scenario.mapped {
      case .nothing: .nothing
      case .pages: .pages
      case .blocks: .blocks
      }
    self.init(
      shape: shape, touchedPages: scenario.pagesPerVM, blockLevel: scenario.blockLevel,
      tables: scenario.tablePages, unlinkedTables: scenario.pcpus + 4, features: features,
      initially: initially, memslots: scenario.memslots, memoryBlocks: scenario.memoryBlocks)
  }
}

extension WorldPlan {
  init(_ scenario: Scenario) {
    let script = try? scenario.scriptedVCPUs()
    self.init(
      knobs: WorldKnobs(scenario),
      script: script?.map { $0.map { $0.vm.index * scenario.vcpusPerVM + $0.index } },
      initialState: scenario.initialState.map {
        InitialState(numbers: $0.numbers.map(UInt64.init), full: $0.full)
      })
  }
}

extension PausePlan {
  init?(_ perturbation: Perturbation) {
    switch perturbation {
    case .off: return nil
    case .light: self = .light
    case .heavy: self = .heavy
    }
  }
}
