// A system: an allocator under its name, with its types taken away. This happens once per run and
// never per operation.

import Domain
import Machines
import Oracles

/// One version of one allocator, as the command line knows it.
public struct TagSystem: Sendable {
  /// The name that scripts call, such as `arm64-vmid`.
  public let name: String
  /// One line for `list`.
  public let summary: String
  /// Where it comes from: path and version, commit, paper.
  public let source: String
  /// What a test of it must end with.
  public let verdict: ExpectedVerdict
  /// The system whose scenarios fit it, too.
  public private(set) var scenariosOf: String
  /// More scenarios that fit it, by name.
  public private(set) var otherScenarios: Set<String> = []
  /// The scenario that is soaked to show that it is right.
  public private(set) var soakScenario = "small"
  /// What the world must know of it.
  public let traits: AllocatorTraits
  /// Whether it calls other pCPUs and waits until they have answered.
  public let makesCalls: Bool
  /// Whether its guests may be hypervisors.
  public let nests: Bool
  /// Whether it keeps its VMs' tables itself, with levels.
  public let keepsTables: Bool
  /// Its sites.
  public let sites: [SiteDescription]
  /// Builds a live run of it.
  public let prepareSoak: @Sendable (SoakSetup) throws -> PreparedSoak
  /// Builds the loops that measure it; nil for a version that is there to be found wrong.
  public private(set) var prepareBench: (@Sendable (BenchSetup) throws -> PreparedBench)?

  /// Builds a fixed program of it, for controlled runs.
  public let prepareProgram: @Sendable (ProgramSetup) throws -> ControlledProgram

  /// Registers an allocator: its type on the bare live machine, for measuring, on the instrumented
  /// one, for soaks, which need not pause, and on the controlled one.
  @inline(__always)
  init<Bare: TagAllocator, Instrumented: TagAllocator, Controlled: TagAllocator>(
    _ name: String, _ summary: String, source: String, verdict: ExpectedVerdict = .clean,
    _ bare: Bare.Type, _ instrumented: Instrumented.Type, _ controlled: Controlled.Type
  )
  where
    Bare.M == LiveMachine, Instrumented.M == InstrumentedLiveMachine,
    Controlled.M == ControlledMachine
  {
    self.name = name
    self.summary = summary
    self.source = source
    self.verdict = verdict
    scenariosOf = name
    traits = Bare.traits
    makesCalls = Bare.makesCalls
    nests = Bare.nests
    keepsTables = Bare.keepsTables
    sites = Bare.sites
    prepareSoak = { setup in
      var setup = setup
      setup.pauses = setup.pauses ?? .never
      return try prepareLiveSoak(Instrumented.self, setup) { $0.instrumentedMachine($1) }
    }
    prepareBench = { setup in try prepareLiveBench(Bare.self, setup) }
    prepareProgram = { setup in try Allocators.prepareProgram(Controlled.self, setup) }
  }

  /// Registers an allocator that is soaked on the bare live machine unless it is to pause: one in
  /// which what a store buffer does shows, and which pays with one more guest loop.
  ///
  /// Always inlined, so that the guest loops behind the closures are compiled for exactly these
  /// types; `StraightCodeTests` checks that they are.
  @inline(__always)
  init<Bare: TagAllocator, Instrumented: TagAllocator, Controlled: TagAllocator>(
    soakedBare name: String, _ summary: String, source: String,
    verdict: ExpectedVerdict = .clean,
    _ bare: Bare.Type, _ instrumented: Instrumented.Type, _ controlled: Controlled.Type
  )
  where
    Bare.M == LiveMachine, Instrumented.M == InstrumentedLiveMachine,
    Controlled.M == ControlledMachine
  {
    self.name = name
    self.summary = summary
    self.source = source
    self.verdict = verdict
    scenariosOf = name
    traits = Bare.traits
    makesCalls = Bare.makesCalls
    nests = Bare.nests
    keepsTables = Bare.keepsTables
    sites = Bare.sites
    prepareSoak = { setup in
      setup.pauses == nil
        ? try prepareLiveSoak(Bare.self, setup) { $0.machine($1) }
        : try prepareLiveSoak(Instrumented.self, setup) { $0.instrumentedMachine($1) }
    }
    prepareBench = { setup in try prepareLiveBench(Bare.self, setup) }
    prepareProgram = { setup in try Allocators.prepareProgram(Controlled.self, setup) }
  }

  /// Registers a version that is there to be found wrong: on the instrumented machine, which need not
  /// pause, and on the controlled one.
  ///
  /// Its loops are compiled once for all such versions, and reach the allocator through tables: a
  /// fault costs a few functions of code, and not three guest loops of its own.
  init<Instrumented: TagAllocator, Controlled: TagAllocator>(
    unmeasured name: String, _ summary: String, source: String, verdict: ExpectedVerdict,
    _ instrumented: Instrumented.Type, _ controlled: Controlled.Type
  ) where Instrumented.M == InstrumentedLiveMachine, Controlled.M == ControlledMachine {
    self.name = name
    self.summary = summary
    self.source = source
    self.verdict = verdict
    scenariosOf = name
    traits = Instrumented.traits
    makesCalls = Instrumented.makesCalls
    nests = Instrumented.nests
    keepsTables = Instrumented.keepsTables
    sites = Instrumented.sites
    prepareSoak = { setup in try prepareSharedSoak(Instrumented.self, setup) }
    prepareBench = nil
    prepareProgram = { setup in try prepareSharedProgram(Controlled.self, setup) }
  }

  /// Registers a version that shares the guest loops of those that are not measured, but has loops
  /// of its own that measure it: they are short.
  @inline(__always)
  init<Bare: TagAllocator, Instrumented: TagAllocator, Controlled: TagAllocator>(
    measured name: String, _ summary: String, source: String,
    verdict: ExpectedVerdict = .clean,
    _ bare: Bare.Type, _ instrumented: Instrumented.Type, _ controlled: Controlled.Type
  )
  where
    Bare.M == LiveMachine, Instrumented.M == InstrumentedLiveMachine,
    Controlled.M == ControlledMachine
  {
    self.init(
      unmeasured: name, summary, source: source, verdict: verdict, instrumented, controlled)
    prepareBench = { setup in try prepareLiveBench(Bare.self, setup) }
  }
}

/// A soak whose guest loop all versions that are not measured share.
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func prepareSharedSoak<A: TagAllocator>(
  _: A.Type, _ setup: SoakSetup
) throws -> PreparedSoak where A.M == InstrumentedLiveMachine {
  var setup = setup
  setup.pauses = setup.pauses ?? .never
  return try prepareLiveSoak(A.self, setup) { $0.instrumentedMachine($1) }
}

/// A program whose loop all versions that are not measured share.
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func prepareSharedProgram<A: TagAllocator>(
  _: A.Type, _ setup: ProgramSetup
) throws -> ControlledProgram where A.M == ControlledMachine {
  try prepareProgram(A.self, setup)
}

extension TagSystem {
  /// The same system, explored in the scenarios of the system called `name`.
  func inScenarios(of name: String) -> TagSystem {
    var system = self
    system.scenariosOf = name
    return system
  }

  /// The same system, explored in these scenarios of others as well.
  func alsoIn(_ scenarios: String...) -> TagSystem {
    var system = self
    system.otherScenarios.formUnion(scenarios)
    return system
  }

  /// The same system, soaked on the scenario called `name`.
  func soaked(on name: String) -> TagSystem {
    var system = self
    system.soakScenario = name
    return system
  }
}

/// What is known of a version: asserted by tests in both directions.
public enum ExpectedVerdict: Sendable, Equatable {
  /// No run may find anything.
  case clean
  /// The row of the catalogue, an oracle and a scenario that show it wrong.
  case wrong(row: String, oracle: OracleID, scenario: String)
}

extension ExpectedVerdict: CustomStringConvertible {
  /// For `list`.
  public var description: String {
    switch self {
    case .clean: "clean"
    case .wrong(let row, let oracle, let scenario):
      "wrong: \(row), shown by \(oracle.rawValue) on \(scenario)"
    }
  }
}
