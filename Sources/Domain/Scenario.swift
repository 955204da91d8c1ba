// What a run simulates: the plain values that a scenario file and the command line set.
//
// What each key means, its range and its default stand in one table, `Scenario.keys`.

/// How much the instrumented machine pauses at the allocator's operations.
public enum Perturbation: String, CaseIterable, Sendable, Codable {
  case off, light, heavy
}

/// How the live oracles look.
public enum OracleMode: String, CaseIterable, Sendable, Codable {
  /// A ledger that every guest entry and exit updates.
  case exact
  /// One published word per pCPU, of which each entering pCPU reads one in turn.
  case sampled
  /// Not at all, for measuring.
  case off
}

/// What tables with levels map when a VM begins.
public enum MappedAtFirst: String, CaseIterable, Sendable, Codable {
  case nothing, pages, blocks
}

/// What a run simulates. Values may be set freely; `validate()` says whether they go together.
///
/// Each property but `name` is a key of a scenario file, under the same name.
public struct Scenario: Sendable, Equatable {
  /// The file's name without `.json5`.
  public var name: String
  /// What the scenario shows, in one line.
  public var summary: String
  /// The allocator under test, as `list` names it.
  public var system = "arm64-vmid"

  /// Simulated physical CPUs, one pthread each.
  public var pcpus = 2
  /// VMs alive at a time.
  public var vms = 4
  /// Virtual CPUs of each VM.
  public var vcpusPerVM = 2
  /// Bits of a TLB tag.
  public var tagBits = 4
  /// Tags that may be handed out; nil for all that `tagBits` allows. See `usableTagCount`.
  public var usableTags: Int?
  /// Bits of a tag that the hardware looks at; nil for all of them. See `hardwareTagBitCount`.
  public var hardwareTagBits: Int?
  /// pCPUs of one core, which share a TLB; in controlled runs only.
  public var threadsPerCore = 1
  /// Whether fewer usable tags than pCPUs + 1 are meant.
  public var fewTags = false

  /// Pages that a VM maps.
  public var pagesPerVM = 16
  /// The fewest and the most guest entries between `load` and `put`. See `entriesPerSliceRange`.
  public var entriesPerSlice = [1, 16]
  /// Page accesses of the guest in one entry.
  public var accessesPerEntry = 2
  /// One slice in so many stays long in its first entry, when the tag is newly decided; 0 for none.
  public var longStayEvery = 32
  /// Page accesses of a long stay.
  public var longStayAccesses = 128

  /// Levels of each VM's stage-2 table; 0 for a flat one, which the world keeps.
  public var tableLevels = 0
  /// Index bits of a table below the root: 9 for pages of 4 KiB.
  public var tableBits = 9
  /// Index bits of the root table.
  public var rootBits = 9
  /// Guests touch every so-manieth page only.
  public var pageStride = 1
  /// The level of the blocks that faults map where nothing is logged; 3 for pages.
  public var blockLevel = 2
  /// Tables below the roots, of all VMs together.
  public var tablePages = 64
  /// Memory slots of each VM, logged and write-protected each by itself.
  public var memslots = 1
  /// Blocks of memory of all VMs together; 0: each VM has its own for all of its pages.
  public var memoryBlocks = 0
  /// What is mapped when a VM begins.
  public var mapped = MappedAtFirst.nothing
  /// What the CPUs can do about ranges, in words with commas between.
  public var features = "tlbirange,fwb"
  /// One slice in so many ends with a change of its VM's tables; 0 for none.
  public var changeEvery = 16

  /// Hackbench runs of a VM before it exits and a new one takes its place.
  public var hackbenchRuns = 5
  /// Messages of one hackbench run.
  public var messagesPerRun = 1000
  /// One guest entry in so many sends or receives a message; 0 for none.
  public var messageEvery = 8
  /// Messages that fit into a channel before its sender blocks.
  public var channelCapacity = 8

  /// One slice in so many unmaps a page and reuses its frame; 0 for none.
  public var unmapEvery = 64
  /// One guest entry in so many fills the TLB unasked; 0 for none.
  public var speculateEvery = 32
  /// One slice in so many suspends its pCPU; 0 for none.
  public var suspendEvery = 4096
  /// After one slice in so many the pCPU goes offline for a while; 0 for none.
  public var offlineEvery = 0
  /// One slice in so many pins its VM for a device, or unpins it; 0 for none.
  public var pinEvery = 0
  /// One fallible step of an allocator in so many fails; in a controlled run each may; 0 for none.
  public var failEvery = 0
  /// One exit of a hypervisor in so many runs a guest of its own; 0 for none.
  public var nestedEvery = 0
  /// One slice in so many runs a vCPU of another pCPU; 0 = only where its own cannot run.
  public var migrateEvery = 4

  /// Whether a full barrier stands between two slices, as a context switch has one.
  public var contextSwitchBarrier = true
  /// Whether a vCPU is put while its context is still live.
  public var putBeforeContextDead = false
  /// Whether one vCPU follows the other without a put, its context live until it is replaced.
  public var directSwitch = false
  /// Whether the next vCPU is claimed after the put of the current one: the wrong way round, on
  /// purpose. The claim's locked instruction then hides a race that is there without it.
  public var claimAfterPut = false

  /// How long the run lasts.
  public var duration = Duration.seconds(10)
  /// Seeded pauses at the allocator's operations.
  public var perturb = Perturbation.off
  /// How residency is checked.
  public var oracles = OracleMode.exact
  /// No progress for so long is a stall.
  public var stallAfter = Duration.seconds(10)
  /// How often the watchdog looks.
  public var watchdogEvery = Duration.milliseconds(1)

  /// The numbers that the VMs start with; nil for none.
  public var initialState: InitialState?
  /// What each pCPU runs, as `VM.vCPU`, again and again; nil for seeded choices.
  /// See `scriptedVCPUs()`.
  public var script: [[String]]?
  /// What each pCPU does once under controlled execution, in the order given. See
  /// `programSteps()`.
  public var program: [[String]]?

  /// The scenario `name` with every key at its default.
  public init(name: String, summary: String) {
    self.name = name
    self.summary = summary
  }

  /// Where the allocator starts instead of from nothing.
  public struct InitialState: Sendable, Equatable {
    /// Each VM's tag number; 0 for none yet.
    public var numbers: [Int]
    /// Whether every number counts as taken and none as reserved.
    public var full: Bool

    /// The state in which VM `i` has `numbers[i]`.
    public init(numbers: [Int], full: Bool = false) {
      self.numbers = numbers
      self.full = full
    }
  }
}

extension Scenario {
  /// The most tags that `tagBits` allows; tag 0 is never a guest's.
  var allTags: Int { (1 << tagBits) - 1 }

  /// How many tags may be handed out.
  ///
  /// - Precondition: the scenario is valid.
  public var usableTagCount: Int { usableTags ?? allTags }

  /// How many bits of a tag the hardware looks at.
  public var hardwareTagBitCount: Int { hardwareTagBits ?? tagBits }

  /// `entriesPerSlice` as a range.
  ///
  /// - Precondition: the scenario is valid.
  public var entriesPerSliceRange: ClosedRange<Int> { entriesPerSlice[0]...entriesPerSlice[1] }
}
