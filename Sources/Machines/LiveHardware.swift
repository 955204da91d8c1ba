// The simulated hardware of a live run: what all pCPUs share and what each has of its own.

import Domain
import Host

/// What a machine tells whoever watches it. Called rarely, never on the fast path.
public protocol MachineWatcher: AnyObject, Sendable {
  /// `evidence` of a rollover that has just ended; the allocator's lock is still held. Returns
  /// the oracles that judged it.
  func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID>
  /// `evidence` of a tag that was given back wrongly. The allocator's lock is still held.
  func freed(_ evidence: FreedTagEvidence)
  /// `evidence` of a tag that was handed out too early. The allocator's lock is still held.
  func reused(_ evidence: LinesLeftEvidence)
  /// `evidence` of an allocation that failed for nothing. The allocator's lock is still held.
  func foundNoTag(_ evidence: TagLeftEvidence)
  /// `evidence` of a flush by intermediate addresses that left pages out.
  func underCovered(_ evidence: UnderCoverEvidence)
  /// `evidence` of a page that was written and is not in the log of what guests write.
  func lostWrite(_ evidence: LostWriteEvidence)
  /// The kernel's BUG() was reached. The pCPU goes no further.
  func bug(_ message: String, at site: Site, on pcpu: PCPU)
}

extension MachineWatcher {
  /// Nothing.
  public func freed(_ evidence: FreedTagEvidence) {}
  /// Nothing.
  public func reused(_ evidence: LinesLeftEvidence) {}
  /// Nothing.
  public func foundNoTag(_ evidence: TagLeftEvidence) {}
  /// Nothing.
  public func underCovered(_ evidence: UnderCoverEvidence) {}
  /// Nothing.
  public func lostWrite(_ evidence: LostWriteEvidence) {}
}

/// A tag that was given back although nobody had it, or although somebody runs with it.
public struct FreedTagEvidence: Sendable {
  /// Who gave it back.
  public let pcpu: PCPU
  /// The tag.
  public let tag: Tag
  /// Who runs with it; nil if it was free already.
  public let user: (pcpu: PCPU, context: ContextWord)?
}

/// What is known of a tag that is handed out and given back.
enum TagState {
  /// It was nobody's yet.
  static let fresh: UInt64 = 0
  /// It was given back.
  static let freed: UInt64 = 1
  static let held: UInt64 = 2
}

/// What was seen of one rollover.
public struct RolloverEvidence: Sendable {
  /// Who rolled over.
  public let pcpu: PCPU
  /// Whether an invalidation of everything on every pCPU was issued and completed meanwhile.
  public let flushCompleted: Bool
  /// How many contexts were live from before the rollover until after it.
  public let contextsThroughout: Int
  /// One of those whose tag the rollover did not keep.
  public let lost: (pcpu: PCPU, context: ContextWord)?
}

/// The hardware of one live run. Owns all memory of the run, and outlives its pCPUs.
///
/// Sendable because it is built by one thread; afterwards each pCPU writes only its own part.
public final class LiveHardware: @unchecked Sendable {
  /// Where the run's words and cells come from.
  public let memory: LiveMemory
  /// How many pCPUs there are.
  public let pcpuCount: Int
  /// Who is told of rollovers and BUG()s.
  public let watcher: any MachineWatcher
  /// What each pCPU publishes of its context, a `ContextWord` each on a line of its own.
  public let contexts: Bank<LiveWord>
  /// The invalidations.
  public let bus: InvalidationBus

  /// Per tag a `TagState`. The allocator's lock guards it.
  let tagStates: Bank<LiveWord>
  /// Caches and firmware, where tags stand for keys.
  let encryption: LiveEncryption?
  /// One fallible step in so many fails; 0: none does.
  let failEvery: Int
  /// Calls between pCPUs.
  let calls: CallBoard
  /// pCPUs whose program is over.
  let endedCount: LiveWord
  /// A bit for each pCPU that is online.
  let online: LiveWord
  /// Per pCPU how often it has turned idle or busy: odd while nothing is loaded there.
  let idleTurns: Bank<LiveWord>
  /// One past the highest tag.
  let tagCount: Int
  /// Whether every context has an inner one.
  let nests: Bool

  let pcpus: UnsafeMutablePointer<LivePCPU>
  /// Each pCPU's part for tables with levels; nil where they are flat.
  let stage2: UnsafeMutablePointer<LiveStage2>?
  let instruments: UnsafeMutablePointer<InstrumentState>?
  private let counters: [Bank<LiveWord>]

  /// Hardware for `pcpuCount` pCPUs and tags below 2^`tagBits`, of which it looks at the low
  /// `hardwareTagBits`; with `pauses`, instrumented, pausing at `pauseSites` in turn, or anywhere if
  /// there are none; with caches and firmware if it `encrypts`. `nests`: every context that is installed
  /// has an inner one. `tables`: the shape of the VMs' tables, of which guests touch `pagesPerVM` pages
  /// each, at most 255 VMs at a time; nil where they are flat. Where they are not, every context that is
  /// installed has `tablePages`.
  public init(
    pcpuCount: Int, tagBits: Int, hardwareTagBits: Int? = nil, nests: Bool = false,
    tables: TableShape? = nil, vmSlots: Int = 0, pagesPerVM: Int = 0,
    pauses: PausePlan? = nil, pauseSites: [Site] = [], encrypts: Bool = false, failEvery: Int = 0,
    seed: Seed,
    watcher: any MachineWatcher
  ) {
    precondition(tables == nil || !nests, "tables with levels do not nest")
    let memory = LiveMemory()
    self.memory = memory
    self.pcpuCount = pcpuCount
    self.watcher = watcher
    contexts = memory.words(pcpuCount, initially: 0, .ownLine, named: "hardware context")
    bus = InvalidationBus(in: memory)
    tagStates = memory.words(
      1 << tagBits, initially: TagState.fresh, .packed, named: "tag states")
    encryption =
      encrypts ? LiveEncryption(pcpuCount: pcpuCount, tagCount: 1 << tagBits, in: memory) : nil
    self.failEvery = failEvery
    calls = CallBoard(pcpuCount: pcpuCount, in: memory)
    endedCount = memory.word(initially: 0, named: "ended pCPUs")
    online = memory.word(
      initially: PCPUSet(first: pcpuCount).rawValue, named: "online pCPUs")
    idleTurns = memory.words(pcpuCount, initially: 0, .ownLine, named: "idle turns")
    tagCount = 1 << tagBits
    self.nests = nests
    let counters = (0..<pcpuCount).map { _ in
      memory.words(Counter.allCases.count, initially: 0, .packed, named: "counters")
    }
    self.counters = counters
    pcpus = .allocate(capacity: pcpuCount)
    let shared = tables.map { SharedStage2($0, vmSlots, pagesPerVM, in: memory) }
    stage2 = shared.map { shared in
      let own = UnsafeMutablePointer<LiveStage2>.allocate(capacity: pcpuCount)
      for index in 0..<pcpuCount { (own + index).initialize(to: LiveStage2(shared, in: memory)) }
      return own
    }
    instruments = pauses.map { plan in
      let states = UnsafeMutablePointer<InstrumentState>.allocate(capacity: pcpuCount)
      for index in 0..<pcpuCount {
        (states + index).initialize(
          to: InstrumentState(
            plan: plan, sites: pauseSites, seed: seed.child("pauses of pCPU \(index)"),
            pauses: counters[index][Counter.pauses.rawValue], in: memory))
      }
      return states
    }
    for index in 0..<pcpuCount {
      (pcpus + index).initialize(
        to: LivePCPU(
          PCPU(index), of: self, counters: counters[index],
          tlb: LiveTLB(in: memory, tagCount: 1 << tagBits, nests: nests),
          tagMask: (1 << UInt64(hardwareTagBits ?? 64)) &- 1,
          seed: seed.child("hardware of pCPU \(index)")))
    }
  }

  deinit {
    pcpus.deinitialize(count: pcpuCount).deallocate()
    instruments?.deinitialize(count: pcpuCount).deallocate()
    stage2?.deinitialize(count: pcpuCount).deallocate()
  }

  /// The bare machine, seen from `pcpu`.
  public func machine(_ pcpu: PCPU) -> LiveMachine { NativeMachine(self, pcpu, NoProbe()) }

  /// The machine with pauses, seen from `pcpu`. The hardware was made with `pauses`.
  public func instrumentedMachine(_ pcpu: PCPU) -> InstrumentedLiveMachine {
    guard let instruments else { preconditionFailure("this hardware was made without pauses") }
    return NativeMachine(self, pcpu, Instruments(instruments + pcpu.index))
  }

  /// The counters of all pCPUs, added up. May be read while they run.
  public func counts() -> Counts {
    var sum = Counts()
    for pcpu in 0..<pcpuCount {
      for counter in Counter.allCases { sum[counter] += self.count(counter, of: PCPU(pcpu)) }
    }
    return sum
  }

  /// One counter of one pCPU. May be read while it runs.
  public func count(_ counter: Counter, of pcpu: PCPU) -> UInt64 {
    counters[pcpu.index][counter.rawValue].value
  }

  /// The lock that `pcpu` waits for now: the site of its wait and who holds it; nil if it waits
  /// for none.
  public func awaitedLock(of pcpu: PCPU) -> (site: Site, holder: PCPU?)? {
    let waiting = pcpus[pcpu.index].waiting.value
    guard waiting != 0 else { return nil }
    let holder = Int(waiting >> 16)
    return (Site(UInt16(waiting & 0xFFFF)), holder == 0 ? nil : PCPU(holder - 1))
  }

  /// What the flight recorder of `pcpu` holds, oldest first; empty without instruments.
  public func lastOperations(of pcpu: PCPU) -> [RecordedOperation] {
    guard let instruments else { return [] }
    let recorder = instruments[pcpu.index].recorder
    let bits = (0..<Int(InstrumentState.recorderSize)).map { recorder.advanced(by: $0).value }
    return bits.filter { $0 != 0 }.compactMap { bits in
      guard let kind = OperationKind(rawValue: UInt8(bits >> 16 & 0xFF)) else { return nil }
      return RecordedOperation(
        number: bits >> 24, kind: kind, site: Site(UInt16(bits & 0xFFFF)))
    }.sorted { $0.number < $1.number }
  }
}

/// One pCPU's own hardware. Its thread alone touches it, but for the words that it publishes.
@usableFromInline
struct LivePCPU {
  // What is the same for the whole run. It is here, and not in the machine, so that a machine is a
  // word or two and travels in registers.
  @usableFromInline let pcpu: PCPU
  @usableFromInline let pcpuCount: Int
  @usableFromInline let bus: InvalidationBus
  @usableFromInline let contexts: Bank<LiveWord>
  @usableFromInline let hardware: Unmanaged<LiveHardware>
  @usableFromInline let counters: Bank<LiveWord>
  @usableFromInline let tlb: LiveTLB
  @usableFromInline let calls: CallBoard
  @usableFromInline let endedCount: LiveWord
  @usableFromInline let online: LiveWord
  /// The bits of a tag that the hardware looks at.
  @usableFromInline let tagMask: UInt64
  /// The context register: the part of a TLB key that it gives, or `LiveTLB.noContext` ...
  @usableFromInline var contextKey = LiveTLB.noContext
  /// ... the table to walk, and whose it is.
  @usableFromInline var contextTable: LiveWord
  @usableFromInline var contextOwner: VMIdentity = 0
  /// As an entry's `vcpu`.
  @usableFromInline var contextVCPU: UInt32 = 0
  /// Whether calls have to wait.
  @usableFromInline var interrupts = InterruptState.enabled
  /// Of the published context word; grows with every change.
  @usableFromInline var contextSequence: UInt64 = 0
  /// A private word to exchange with: on x86 that is the cheapest full barrier.
  @usableFromInline let scratch: LiveWord
  /// Whether there is an inner table to walk first, and which.
  let nests: Bool
  @usableFromInline var contextInnerTable: LiveWord
  /// (holder + 1) << 16 | site of the lock that is waited for; 0 for none.
  @usableFromInline let waiting: LiveWord
  @usableFromInline var random: RandomStream
  /// Invalidations issued and not yet on the bus.
  @usableFromInline var pending = PendingInvalidations()
  /// Invalidations of everything, on every pCPU, that this pCPU has issued ...
  @usableFromInline var flushesIssued: UInt64 = 0
  /// ... of which so many, the first ones, are known to be complete ...
  @usableFromInline var flushesCompleted: UInt64 = 0
  /// ... and so many were issued before its rollover began: they are not the rollover's.
  @usableFromInline var flushesBeforeRollover: UInt64 = 0

  /// Invalidations of everything, on every pCPU, of which it has counted what they took here.
  @usableFromInline var flushesSeen: UInt64 = 0

  /// The context words of all pCPUs when its rollover began.
  @usableFromInline let contextsBeforeRollover: UnsafeMutablePointer<UInt64>
  /// And their idle turns.
  let idleTurnsBeforeRollover: UnsafeMutablePointer<UInt64>
  /// What only tables with levels need; nil where they are flat.
  @usableFromInline let stage2: UnsafeMutablePointer<LiveStage2>?

  init(
    _ pcpu: PCPU, of hardware: LiveHardware, counters: Bank<LiveWord>, tlb: LiveTLB,
    tagMask: UInt64, seed: Seed
  ) {
    let memory = hardware.memory
    self.pcpu = pcpu
    self.pcpuCount = hardware.pcpuCount
    self.bus = hardware.bus
    self.contexts = hardware.contexts
    self.hardware = Unmanaged.passUnretained(hardware)
    self.counters = counters
    self.tlb = tlb
    self.tagMask = tagMask
    calls = hardware.calls
    endedCount = hardware.endedCount
    online = hardware.online
    scratch = memory.word(initially: 0, named: "scratch")
    contextTable = scratch
    nests = hardware.nests
    contextInnerTable = scratch
    waiting = memory.word(initially: 0, named: "awaited lock")
    random = RandomStream(seed)
    contextsBeforeRollover = memory.array(of: hardware.pcpuCount, 0)
    idleTurnsBeforeRollover = memory.array(of: hardware.pcpuCount, 0)
    stage2 = hardware.stage2.map { $0 + pcpu.index }
  }
}

/// What a pCPU has issued and not waited for. The hardware may carry it out at any moment up to
/// the wait; the seed decides.
@usableFromInline
struct PendingInvalidations {
  /// Whether everything is to go, on every pCPU, and has not gone yet.
  @usableFromInline var everything = false
  @usableFromInline var one: One?

  /// A tag, or a page of it, or what was made of stage 1 under it.
  @usableFromInline
  struct One {
    let tag: Tag
    let page: UInt64?
    let isOfStage1: Bool
  }

  @inlinable init() {}
}
