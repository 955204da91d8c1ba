// The state of an engine: one block of memory behind one pointer. The front reaches it through the
// port at its beginning; every method ends before a stack is switched, so that nothing is held
// open over a schedule point.

import Domain
import Host
import Machines

/// An operation that a pCPU will perform next.
struct PendingOperation {
  var bits: UInt64 = 0
  var a: UInt64 = 0
  var b: UInt64 = 0

  var operation: ControlledOperation { ControlledOperation(bits: bits) }
}

/// One pCPU's hardware.
struct Context {
  var isLive = false
  /// Whether the guest itself runs: residency, as O1, O2 and O6 see it. The context may outlive it.
  var isInGuest = false
  var slot = 0
  var tag: UInt64 = 0
  var owner: VMIdentity = 0
  var vcpu: UInt64 = 0
  /// The first word of the table.
  var table = 0
  /// Which `Inner` of the VM runs, and the first word of its table.
  var inner = 0
  var innerTable = 0
  /// Where tables have levels and nothing nests: the first word of the memory of tables below the root.
  var tablePages: Int { innerTable }
  /// Grows with every install.
  var serial: UInt64 = 0
  /// `serial` when this pCPU's rollover looked, if that one was in the guest then; 0 if not. One
  /// for each pCPU that rolls over.
  var serialAtRollover = InlineArray<8, UInt64>(repeating: 0)
  /// A broadcast of everything has been issued, and one is complete, since the rollover began.
  var flushIssued = false
  var flushComplete = false
  var interrupted = false
  /// See `GuestContext.isStale`; over with this pCPU's flush.
  var isStale = false
}

/// Devices that share one VM's address space.
struct Device {
  /// How many do.
  var attached = 0
  var owner: VMIdentity = 0
  var tag: UInt64 = 0
  /// Grows whenever the first one comes.
  var serial: UInt64 = 0
  /// As a context's.
  var serialAtRollover = InlineArray<8, UInt64>(repeating: 0)
}

/// Plain memory with the clocks of its last accesses.
struct Cell {
  var value: UInt64 = 0
  /// Who wrote last, and when; 0 at the start: everybody knows the first value.
  var writer: UInt32 = 0
  var writeClock: UInt32 = 0
  /// When each pCPU read last.
  var reads = SIMD8<UInt32>(repeating: 0)
}

/// An invalidation on its way to one TLB.
struct TravellingInvalidation {
  var what: UInt64 = 0
  var operand: UInt64 = 0
  var issuer = 0
}

/// What the engine keeps. Allocated once; `reset` puts it back to the start of the program.
struct EngineState {
  static let queueCapacity = 16
  /// Room for published clocks. In an execution that needs more, the last one stands for all later
  /// ones.
  static let mostPublished = 1 << 14
  /// The place of the explorer's own stack among the stacks.
  /// Beyond every agent.
  static let mainStack = 32

  /// Must be first: the front holds its address.
  var port: ControlledPort

  // The program.
  let pcpuCount: Int
  let objects: ObjectNumbering
  let hardware: ControlledProgram.Hardware
  let wordCount: Int
  let cellCount: Int
  let initialWords: UnsafeMutablePointer<UInt64>
  let initialCells: UnsafeMutablePointer<Cell>
  let tagCount: Int
  let hardwareTagMask: UInt64
  let pages: Int
  var stepLimit: Int

  // Who runs.
  var current = EngineState.mainStack
  var isStarting = false
  /// pCPUs with an operation to come.
  var ready = AgentSet(bits: 0)
  /// Those of them whose operation waits for something.
  var conditional = AgentSet(bits: 0)
  /// Hardware that could do something.
  var hardwareEnabled = AgentSet(bits: 0)
  let pending: UnsafeMutablePointer<PendingOperation>
  var outcome = Outcome.finished
  /// Whether `outcome` is not the programs' own end.
  var isOver = false
  var strategy: Unmanaged<Strategy>
  var wantsEveryStep = false

  // Memory.
  let words: UnsafeMutablePointer<UInt64>
  let cells: UnsafeMutablePointer<Cell>

  // Hardware.
  let contexts: UnsafeMutablePointer<Context>
  /// Per slot, if there are any.
  let devices: UnsafeMutablePointer<Device>
  /// Per pCPU, tag and page: a `TLBEntry`'s bits, a `Stage2TLBEntry`'s where tables have levels; 0 for no
  /// entry.
  let tlbs: UnsafeMutablePointer<UInt64>
  /// As `tlbs`, where VMs nest: an `InnerEntry`'s bits. What belongs to no entry means nothing.
  let innerTLBs: UnsafeMutablePointer<UInt64>
  let queues: UnsafeMutablePointer<TravellingInvalidation>
  let queueLengths: UnsafeMutablePointer<Int>
  /// Arrivals that each issuer still waits for.
  let outstanding: UnsafeMutablePointer<Int>
  /// Calls that each pCPU has not taken: a bit for each caller.
  let callsPending: UnsafeMutablePointer<UInt64>
  /// What each caller asks for, a `CallRequest`.
  let callRequests: UnsafeMutablePointer<UInt64>
  var anyCalls = false
  /// Broadcasts of everything so far.
  var flushes: UInt64 = 0
  /// Per slot and page: entries with an older version are dead.
  let oldestValid: UnsafeMutablePointer<UInt64>
  /// Per vCPU, inner guest and page, where VMs nest: what is made from an older entry of the inner
  /// table is dead for that vCPU.
  let oldestInner: UnsafeMutablePointer<UInt64>
  /// Per tag: given back and not handed out since.
  let freedTags: UnsafeMutablePointer<Bool>
  var anyFreed = false
  /// Of the first 64 tags those that somebody has: a bit each; and how that is at the start.
  var heldTags: UInt64 = 0
  let initiallyHeldTags: UInt64
  /// Where tags stand for keys: what caches and firmware keep.
  var encryption: EncryptedMemory
  /// Where tables have levels: what TLBs keep of stage 2.
  var stage2: Stage2Memory
  /// Per vCPU: the generation of its last entry.
  let lastGeneration: UnsafeMutablePointer<UInt64>

  // Happens-before, for races on cells.
  let clocks: UnsafeMutablePointer<SIMD8<UInt32>>
  /// Clocks that releases have published, numbered from 1 in each execution. They do not change.
  let published: UnsafeMutablePointer<SIMD8<UInt32>>
  var publishedCount = 0
  /// Per word: the number of the clock that a reader learns; 0 for none.
  let wordClocks: UnsafeMutablePointer<Int32>
  /// What an acquire fence would add, and which of the first 64 published clocks are in it.
  let acquirable: UnsafeMutablePointer<SIMD8<UInt32>>
  let isAcquirable: UnsafeMutablePointer<UInt64>
  /// The number of the clock that a relaxed store publishes, that of the last release fence; 0.
  let fenceClocks: UnsafeMutablePointer<Int32>
  /// What a called pCPU learns from each caller, and what each caller learns when it has waited.
  let callClocks: UnsafeMutablePointer<SIMD8<UInt32>>
  let answerClocks: UnsafeMutablePointer<SIMD8<UInt32>>

  // What happened.
  var steps = 0
  var decisions = 0
  var preemptions = 0
  var traceHash: UInt64 = 0
  var fingerprint = Fingerprint()
  let history: UnsafeMutablePointer<History>
  let agentHashes: UnsafeMutablePointer<History>
  var isWide = false
  var isRecording = false
  /// Either of the two: one look tells that there is nothing to add.
  var isDetailed = false
  let trace: UnsafeMutablePointer<TraceEvent>
  let touches: UnsafeMutablePointer<Touch>
  var touchCount = 0
  let touchCapacity: Int
  let programSteps: UnsafeMutablePointer<Int32>
  /// What the workload has drawn, while recording.
  let choices: UnsafeMutablePointer<RecordedChoice>
  var choiceCount = 0
  /// What is no step, while it is asked for; see `Annotation`.
  var annotations = AnnotationBuffer()
  var lastEnabled = AgentSet(bits: 0)
  var lastWasChosen = false
  var lastPreempts = false

  // What goes wrong on purpose, and what each pCPU has put off.
  var mutation: Mutation?
  var delayed = InlineArray<8, PendingOperation>(repeating: PendingOperation())

  // Carriers.
  /// Where each pCPU, and the explorer, goes on.
  let stacks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Where each carrier thread goes on, and where stacks that are forgotten would.
  let threadStacks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  let forgottenStacks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  var usesThreads = false
  let batons: UnsafeMutablePointer<Baton>
  var run: UInt64 = 0
}

/// What the fingerprint knows of one object: the hash of its last write, and the sum over the reads
/// since. Two lanes: the second is kept only where a collision would cost soundness.
struct History {
  var write: UInt64 = 0
  var reads: UInt64 = 0
  var write2: UInt64 = 0
  var reads2: UInt64 = 0
}

/// A fingerprint of the happens-before relation of an execution: equal for executions that differ
/// in the order of independent steps only.
public struct Fingerprint: Hashable, Sendable {
  /// Sum over all touches.
  public var low: UInt64 = 0
  /// The same with another mix; 0 unless the engine was asked for it.
  public var high: UInt64 = 0
}
