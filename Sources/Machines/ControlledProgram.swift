// What a controlled run executes: memory, a program for each pCPU, and what hardware stands around.

import Domain

/// A fixed program for a few pCPUs. Knows nothing of how it is scheduled.
public struct ControlledProgram: Sendable {
  /// The most pCPUs: a vector clock has eight places.
  public static let mostPCPUs = 8

  /// Words, cells and their first values.
  public let memory: ControlledMemory
  /// What each pCPU runs, once.
  public let bodies: [ProgramBody]
  /// The pCPU that each body runs on; its own where bodies do not share pCPUs.
  public let pcpus: [PCPU]
  /// The hardware and the oracles.
  public let hardware: Hardware

  /// The hardware of a program, and what its oracles must know.
  public struct Hardware: Sendable, Equatable {
    /// Bits of a tag.
    public var tagBits: Int
    /// Bits of a tag that the hardware looks at.
    public var hardwareTagBits: Int
    /// The highest tag that may be handed out, for O7.
    public var highestTag: UInt64
    /// VM slots.
    public var vmSlots: Int
    /// vCPUs of all slots.
    public var vcpus: Int
    /// Pages of each VM.
    public var pagesPerVM: Int
    /// The shape of the VMs' tables where they have levels; nil where they are flat.
    public var tables: TableShape?
    /// Whether there is a TLB at all. Without, an invalidation is complete when it is issued.
    public var hasTLB: Bool
    /// Whether a pCPU whose context is live fills unasked.
    public var fillsUnasked: Bool
    /// pCPUs that share a TLB: those of one core, whose numbers follow one another.
    public var threadsPerCore: Int
    /// Whether devices share VMs' address spaces, one for each slot.
    public var hasDevices: Bool
    /// Whether every context has an inner one: a VM's own or that of a guest of its own.
    public var nests: Bool
    /// Whether one tag means one VM on the whole machine; else on each pCPU.
    public var tagsAreGlobal: Bool
    /// Whether tag 0 means untagged: nobody's, and right where the entry flushes.
    public var allowsUntagged: Bool
    /// Whether tags stand for keys under which guests' memory is encrypted.
    public var encrypts: Bool
    /// Whether fallible steps may fail.
    public var mayFail: Bool
    /// The oracles that apply.
    public var oracles: Set<OracleID>

    /// No TLB, no guests: words and locks only.
    public static let none = Hardware(
      tagBits: 1, highestTag: 1, vmSlots: 1, vcpus: 1, pagesPerVM: 1, hasTLB: false,
      fillsUnasked: false, tagsAreGlobal: true, oracles: Set(OracleID.allCases))

    /// A hardware of these parts.
    public init(
      tagBits: Int, hardwareTagBits: Int? = nil, highestTag: UInt64, vmSlots: Int, vcpus: Int,
      pagesPerVM: Int, tables: TableShape? = nil, hasTLB: Bool,
      fillsUnasked: Bool, threadsPerCore: Int = 1, hasDevices: Bool = false,
      nests: Bool = false, tagsAreGlobal: Bool, allowsUntagged: Bool = false,
      encrypts: Bool = false, mayFail: Bool = true, oracles: Set<OracleID>
    ) {
      self.tagBits = tagBits
      self.hardwareTagBits = hardwareTagBits ?? tagBits
      self.highestTag = highestTag
      self.vmSlots = vmSlots
      self.vcpus = vcpus
      self.pagesPerVM = pagesPerVM
      self.tables = tables
      self.hasTLB = hasTLB
      self.fillsUnasked = fillsUnasked
      self.threadsPerCore = threadsPerCore
      self.hasDevices = hasDevices
      self.nests = nests
      self.tagsAreGlobal = tagsAreGlobal
      self.allowsUntagged = allowsUntagged
      self.encrypts = encrypts
      self.mayFail = mayFail
      self.oracles = oracles
    }
  }

  /// A program; one body per pCPU, at most `mostPCPUs`.
  public init(
    memory: ControlledMemory, hardware: Hardware = .none,
    bodies: [ProgramBody], pcpus: [PCPU]? = nil
  ) {
    precondition((1...Self.mostPCPUs).contains(bodies.count), "1 to 8 pCPUs")
    self.pcpus = pcpus ?? bodies.indices.map { PCPU($0) }
    self.memory = memory
    self.hardware = hardware
    self.bodies = bodies
  }
}

/// What one pCPU runs. A class with one method, so that an engine can run it without counting
/// references: an execution that is given up never comes back to release any.
open class ProgramBody: @unchecked Sendable {
  /// A body.
  public init() {}

  /// Runs the program of the pCPU `m`. Holds no reference and nothing else to release over an
  /// operation of `m`.
  open func run(on m: ControlledMachine) {}
}

/// A body that is a closure.
public final class ClosureBody: ProgramBody, @unchecked Sendable {
  private let closure: @Sendable (ControlledMachine) -> Void
  private let kept: (any Sendable)?

  /// Runs `closure`, and keeps what it uses without owning it.
  public init(
    keeping kept: (any Sendable)? = nil,
    _ closure: @escaping @Sendable (ControlledMachine) -> Void
  ) {
    self.closure = closure
    self.kept = kept
  }

  public override func run(on m: ControlledMachine) { closure(m) }
}
