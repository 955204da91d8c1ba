// A live run, ready to start: hardware, world, and what each pCPU's thread is to do.

import Domain
import Machines
import Oracles

/// What a live run is made of.
public struct SoakSetup: Sendable {
  /// Simulated pCPUs: a pthread each.
  public var pcpus: Int
  /// Size of the allocator.
  public var configuration: AllocatorConfiguration
  /// The world.
  public var plan: WorldPlan
  /// How O1 and O2 are checked.
  public var oracles: OracleMode
  /// Pauses at sites; nil: the bare machine.
  public var pauses: PausePlan?
  /// Every choice of the run comes from it.
  public var seed: Seed

  /// A setup of these parts.
  public init(
    pcpus: Int, configuration: AllocatorConfiguration, plan: WorldPlan,
    oracles: OracleMode, pauses: PausePlan?, seed: Seed
  ) {
    self.pcpus = pcpus
    self.configuration = configuration
    self.plan = plan
    self.oracles = oracles
    self.pauses = pauses
    self.seed = seed
  }
}

/// A live run without its types.
///
/// Sendable: what it owns is reached by the pCPUs through handles, and freed after they have ended.
public final class PreparedSoak: @unchecked Sendable {
  /// The hardware: counters and published contexts.
  public let hardware: LiveHardware
  /// The findings so far.
  public let log: FindingLog
  /// Whether one tag means one VM on the whole machine: O1, O2.
  public let tagsAreGlobal: Bool
  /// What the thread of each pCPU runs; returns after `stop()`.
  public let bodies: [@Sendable () -> Void]
  private let phase: LiveWord
  private let free: () -> Void

  init(
    hardware: LiveHardware, log: FindingLog, tagsAreGlobal: Bool,
    bodies: [@Sendable () -> Void], phase: LiveWord, free: @escaping () -> Void
  ) {
    self.hardware = hardware
    self.log = log
    self.tagsAreGlobal = tagsAreGlobal
    self.bodies = bodies
    self.phase = phase
    self.free = free
  }

  deinit { free() }

  /// Asks the pCPUs to end after their slice.
  public func stop() { phase.raise(to: RunPhase.over) }
}

/// Builds a live run of an allocator.
@inline(__always)
func prepareLiveSoak<A: TagAllocator>(
  _: A.Type, _ setup: SoakSetup,
  machine: @escaping @Sendable (LiveHardware, PCPU) -> A.M
) throws -> PreparedSoak
where A.M: GuestMachine, A.M.Word == LiveWord, A.M.Memory == LiveMemory {
  // The phase stands in memory of its own: the log needs it before there is hardware.
  let memory = LiveMemory()
  let phase = memory.word(initially: RunPhase.ordinary, named: "phase")
  let log = FindingLog(judges: A.traits.judges) { phase.raise(to: RunPhase.pursuit) }
  let hardware = LiveHardware(
    pcpuCount: setup.pcpus, tagBits: setup.configuration.tagBits,
    hardwareTagBits: setup.configuration.hardwareTagBits, nests: A.nests && setup.plan.nests,
    tables: A.keepsTables ? setup.configuration.tables?.shape : nil,
    vmSlots: setup.plan.knobs.vms, pagesPerVM: setup.plan.knobs.pagesPerVM,
    pauses: setup.pauses, pauseSites: A.sites.map(\.site) + WorldSite.all, encrypts: A.encrypts,
    failEvery: setup.plan.knobs.failEvery, seed: setup.seed,
    watcher: SoakWatcher(log, oracles: A.traits.oracles, isOn: setup.oracles != .off))
  let world = World(
    A(setup.configuration, in: hardware.memory), setup.plan,
    tagBits: setup.configuration.tagBits, in: hardware.memory)
  let knobs = setup.plan.knobs
  let traits = A.traits
  let tellsApart = traits.tellsApart(setup.configuration.hardwareTagBits)
  let ledger = Ledger(tagBits: setup.configuration.tagBits, vmSlots: knobs.vms)
  let flushes = CompletedFlushes(vmSlots: knobs.vms, pagesPerVM: knobs.pagesPerVM)
  let oracles = LiveOracles(
    parts: hardware.memory.fixed(
      LiveOracleParts(
        mode: setup.oracles, tagsAreGlobal: traits.tagScope == .machine && tellsApart,
        vmsHaveOneTag: traits.oracles.contains(.o1), tagsHaveRange: tellsApart,
        vcpusArePrivate: traits.oracles.contains(.o12), allowsUntagged: traits.allowsUntagged,
        ledger: ledger, flushes: flushes,
        log: Unmanaged.passUnretained(log))))
  let first = machine(hardware, PCPU(0))
  for slot in try world.createAll(from: setup.plan.initialState, on: first) {
    world.leaveEmpty(slot, on: first)
  }
  let bodies = (0..<setup.pcpus).map { index -> @Sendable () -> Void in
    let steps = setup.plan.script?[index] ?? []
    let seed = setup.seed.child("guests of pCPU \(index)")
    return {
      steps.withUnsafeBufferPointer { script in
        runGuests(
          world, oracles, phase: phase, script: script, seed: seed,
          on: machine(hardware, PCPU(index)))
      }
    }
  }
  return PreparedSoak(
    hardware: hardware, log: log, tagsAreGlobal: oracles.parts.value.tagsAreGlobal,
    bodies: bodies, phase: phase
  ) {
    withExtendedLifetime(memory) {}
    world.deallocate()
    ledger.deallocate()
    flushes.deallocate()
  }
}

/// A pCPU's life. One function per allocator and machine in the binary: `StraightCodeTests` looks
/// for it by its name.
@inline(never)
func runGuests<A: TagAllocator>(
  _ world: World<A>, _ oracles: LiveOracles, phase: A.M.Word,
  script: UnsafeBufferPointer<Int>, seed: Seed, on m: A.M
) where A.M: GuestMachine {
  var loop = GuestLoop(world, oracles, phase: phase, script: script, seed: seed)
  loop.run(on: m)
}
