// How a run's world behaves, as plain numbers, read once when it starts.

import Domain

/// What the guest loop looks at all the time: numbers only, so that copying it touches no
/// reference count.
public struct WorldKnobs: Sendable, Equatable, BitwiseCopyable {
  /// VM slots; in each, one VM at a time.
  public var vms: Int
  /// vCPUs of each.
  public var vcpusPerVM: Int
  /// Pages of each VM's stage-2 table.
  public var pagesPerVM: Int
  /// Guest entries of one slice, at least ...
  public var entriesPerSliceLow: Int
  /// ... and at most; drawn from the seed.
  public var entriesPerSliceHigh: Int
  /// Page accesses of an ordinary entry.
  public var accessesPerEntry: Int
  /// One slice in so many stays long in its first entry: a tag that was wrongly decided shows when
  /// the guest is still in while another VM gets it. 0: none does.
  public var longStayEvery: Int
  /// Page accesses of a long stay.
  public var longStayAccesses: Int
  /// Messages that a VM's vCPUs send before it ends and a new one takes its place.
  public var messagesPerVM: Int
  /// One entry in so many sends or receives a message; 0: none does.
  public var messageEvery: Int
  /// Messages that fit between senders and receivers of one group.
  public var channelCapacity: Int
  /// Guests touch every so-manieth page of the address space only.
  public var pageStride: UInt64
  /// Pages of the address space, where tables have levels.
  public var addressSpacePages: UInt64
  /// Pages of each memory slot.
  public var memslotPages: UInt64
  /// One slice in so many changes its VM's tables with levels; 0: none does.
  public var changeEvery: Int
  /// One slice in so many ends with an unmapped page; 0: none does.
  public var unmapEvery: Int
  /// One entry in so many sees a fill that nobody asked for; 0: none does.
  public var speculateEvery: Int
  /// One slice in so many is suspended in the guest until rollovers have passed; 0: none is.
  public var suspendEvery: Int
  /// After one slice in so many the pCPU goes offline for a while; 0: never.
  public var offlineEvery: Int
  /// One slice in so many pins its VM for a device, or unpins it; 0: none does.
  public var pinEvery: Int
  /// One fallible step of the allocator in so many fails; 0: none does.
  public var failEvery: Int
  /// One exit of L1 in so many runs a guest of its own; 0: none does.
  public var nestedEvery: Int
  /// One slice in so many runs a vCPU that is not this pCPU's own; 0: only where its own cannot run.
  public var migrateEvery: Int
  /// pCPUs that share a TLB; in controlled runs only.
  public var threadsPerCore: Int
  /// Whether a full barrier stands between two vCPUs of one pCPU.
  public var contextSwitchBarrier: Bool
  /// The unsafe order of leaving: `put` comes while the hardware context is still live.
  public var putBeforeContextDead: Bool
  /// From one vCPU straight to the next: nothing is put, and the old context stays until the new one
  /// replaces it.
  public var directSwitch: Bool
  /// Claims the next vCPU after `put`: the locked instruction there hides races.
  public var claimAfterPut: Bool
  /// The highest tag that may be handed out, for O7.
  public var highestTag: UInt64
  /// The bits of a tag that the hardware looks at.
  public var hardwareTagMask: UInt64

  /// What `scenario`, which is valid, says.
  public init(_ scenario: Scenario) {
    vms = scenario.vms
    vcpusPerVM = scenario.vcpusPerVM
    pagesPerVM = scenario.pagesPerVM
    entriesPerSliceLow = scenario.entriesPerSliceRange.lowerBound
    entriesPerSliceHigh = scenario.entriesPerSliceRange.upperBound
    accessesPerEntry = scenario.accessesPerEntry
    longStayEvery = scenario.longStayEvery
    longStayAccesses = scenario.longStayAccesses
    messagesPerVM = scenario.hackbenchRuns * scenario.messagesPerRun
    messageEvery = scenario.messageEvery
    channelCapacity = scenario.channelCapacity
    pageStride = UInt64(scenario.pageStride)
    addressSpacePages = scenario.tableLevels > 0 ? UInt64(scenario.addressSpacePages) : 0
    memslotPages = addressSpacePages / UInt64(scenario.memslots)
    changeEvery = scenario.changeEvery
    unmapEvery = scenario.unmapEvery
    speculateEvery = scenario.speculateEvery
    suspendEvery = scenario.suspendEvery
    offlineEvery = scenario.offlineEvery
    pinEvery = scenario.pinEvery
    failEvery = scenario.failEvery
    nestedEvery = scenario.nestedEvery
    migrateEvery = scenario.migrateEvery
    threadsPerCore = scenario.threadsPerCore
    contextSwitchBarrier = scenario.contextSwitchBarrier
    putBeforeContextDead = scenario.putBeforeContextDead
    claimAfterPut = scenario.claimAfterPut
    directSwitch = scenario.directSwitch
    highestTag = UInt64(min(scenario.usableTagCount, (1 << scenario.hardwareTagBitCount) - 1))
    hardwareTagMask = (1 << UInt64(scenario.hardwareTagBitCount)) - 1
  }
}

/// A run's world.
public struct WorldPlan: Sendable, Equatable {
  /// The numbers.
  public var knobs: WorldKnobs
  /// For each pCPU the vCPUs that it runs in turn, by index; nil: any that can run.
  public var script: [[Int]]?
  /// The allocator's state at the start; nil: fresh.
  public var initialState: InitialState?
  /// Whether VMs have guests of their own, if the allocator knows such.
  public var nests: Bool

  /// A world of these parts.
  public init(knobs: WorldKnobs, script: [[Int]]? = nil, initialState: InitialState? = nil) {
    self.knobs = knobs
    nests = knobs.nestedEvery > 0
    self.script = script
    self.initialState = initialState
  }
}
