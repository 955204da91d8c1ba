// How a run's world behaves, as plain numbers, read once when it starts.

import Domain

/// What the guest loop looks at all the time: numbers only, so that copying it touches no
/// reference count.
public struct WorldKnobs: Sendable, Equatable, BitwiseCopyable {
  /// VM slots; in each, one VM at a time.
  public var vms = 4
  /// vCPUs of each.
  public var vcpusPerVM = 2
  /// Pages of each VM's stage-2 table.
  public var pagesPerVM = 16
  /// Guest entries of one slice, at least ...
  public var entriesPerSliceLow = 1
  /// ... and at most; drawn from the seed.
  public var entriesPerSliceHigh = 16
  /// Page accesses of an ordinary entry.
  public var accessesPerEntry = 2
  /// One entry in so many stays long in the guest; 0: none does.
  public var longStayEvery = 256
  /// Page accesses of a long stay.
  public var longStayAccesses = 128
  /// Messages that a VM's vCPUs send before it ends and a new one takes its place.
  public var messagesPerVM = 5000
  /// One entry in so many sends or receives a message; 0: none does.
  public var messageEvery = 8
  /// Messages that fit between senders and receivers of one group.
  public var channelCapacity = 8
  /// One slice in so many ends with an unmapped page; 0: none does.
  public var unmapEvery = 64
  /// One entry in so many sees a fill that nobody asked for; 0: none does.
  public var speculateEvery = 32
  /// One slice in so many is suspended in the guest until rollovers have passed; 0: none is.
  public var suspendEvery = 4096
  /// One slice in so many runs a vCPU that is not this pCPU's own; 0: only where its own cannot run.
  public var migrateEvery = 4
  /// Whether a full barrier stands between two vCPUs of one pCPU.
  public var contextSwitchBarrier = true
  /// The unsafe order of SYSTEMS 7.5: `put` comes while the hardware context is still live.
  public var putBeforeContextDead = false
  /// Claims the next vCPU after `put`: the locked instruction there hides races.
  public var claimAfterPut = false
  /// The highest tag that may be handed out, for O7.
  public var highestTag: UInt64 = 15

  /// The defaults of a scenario.
  public init() {}
}

/// A run's world.
public struct WorldPlan: Sendable, Equatable {
  /// The numbers.
  public var knobs: WorldKnobs
  /// For each pCPU the vCPUs that it runs in turn, by index; nil: any that can run.
  public var script: [[Int]]?
  /// The allocator's state at the start; nil: fresh.
  public var initialState: InitialState?

  /// A world of these parts.
  public init(knobs: WorldKnobs, script: [[Int]]? = nil, initialState: InitialState? = nil) {
    self.knobs = knobs
    self.script = script
    self.initialState = initialState
  }
}
