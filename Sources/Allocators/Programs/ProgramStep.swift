// Fixed programs: what each pCPU of a controlled run does, once, in this order.

import Domain

/// One step of a pCPU's fixed program.
public enum ProgramStep: Sendable, Equatable, BitwiseCopyable {
  /// Loads a vCPU, enters its guest `entries` times and puts it. `abortsFirst`: an interrupt stops
  /// the first entry at its last look, and it is prepared again. `claims`: somebody else may want
  /// the vCPU, so it is handed over with its claim word.
  case run(vcpu: Int, entries: Int, abortsFirst: Bool = false, claims: Bool)
  /// Takes a page from a VM, as an MMU notifier does.
  case unmap(vm: Int, page: Int)
  /// Changes a VM's tables, where they have levels.
  case change(vm: Int, TableChange)
  /// The VM ends, and a new one takes its place. Waits until none of its vCPUs is loaded.
  case end(vm: Int)
  /// The pCPU goes offline.
  case offline
  /// It comes back.
  case online
  /// A device shares the VM's address space from here on, if the system pins its number.
  case pin(vm: Int)
  /// A device no longer does.
  case unpin(vm: Int)

  /// Loads a vCPU whose guest is a hypervisor, does what that does, and puts it.
  case nest(vcpu: Int, NestedActions, claims: Bool)

  /// Whether it is `nest`.
  var isNested: Bool { if case .nest = self { true } else { false } }
  /// Whether it is `pin`.
  var isPin: Bool { if case .pin = self { true } else { false } }
}

/// What a controlled run is made of.
public struct ProgramSetup: Sendable {
  /// Size of the allocator.
  public var configuration: AllocatorConfiguration
  /// The world.
  public var plan: WorldPlan
  /// What each pCPU does.
  public var steps: [[ProgramStep]]
  /// The name of places of which loops miss the last one: in one kind of mutant.
  public var shortBank: String?

  /// A setup of these parts.
  public init(
    configuration: AllocatorConfiguration, plan: WorldPlan, steps: [[ProgramStep]]
  ) {
    self.configuration = configuration
    self.plan = plan
    self.steps = steps
  }
}
