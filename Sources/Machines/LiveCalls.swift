// Calls between live pCPUs: three words a pCPU. Nobody is interrupted; a called pCPU answers when it
// turns interrupts on or waits with interrupts on, and a guest that is called leaves soon.

import Domain
import Synchronization

/// The words by which pCPUs call each other.
@usableFromInline
struct CallBoard: Sendable {
  /// Per pCPU: a bit for each pCPU that calls it.
  @usableFromInline let callers: Bank<LiveWord>
  /// Per pCPU: a bit for each pCPU that has not answered its call.
  @usableFromInline let unanswered: Bank<LiveWord>
  /// Per pCPU: what it asks for, a `CallRequest`.
  @usableFromInline let requests: Bank<LiveWord>

  init(pcpuCount: Int, in memory: LiveMemory) {
    callers = memory.words(pcpuCount, initially: 0, .ownLine, named: "callers")
    unanswered = memory.words(pcpuCount, initially: 0, .ownLine, named: "unanswered calls")
    requests = memory.words(pcpuCount, initially: 0, .ownLine, named: "call request")
  }
}

extension LivePCPU {
  /// Answers the calls that are there. One load of a line of this pCPU's own if there are none.
  @inlinable @inline(__always)
  mutating func answerCalls() {
    if calls.callers[pcpu].value != 0 { answerThem() }
  }

  /// Acquire and release: what a caller did before it called is seen here, and what was done here
  /// is seen when it has waited.
  @usableFromInline @inline(never)
  mutating func answerThem() {
    let me: UInt64 = 1 << UInt64(pcpu.index)
    let bits = calls.callers[pcpu].address.pointee.exchange(0, ordering: .acquiringAndReleasing)
    PCPUSet(rawValue: bits).forEach { caller in
      switch CallRequest(rawValue: calls.requests[caller].value) {
      case .flushEverything: dropEverythingHere()
      case .writeBackCache: writeBackCache()
      case .leaveGuest, nil: break
      }
      calls.unanswered[caller].address.pointee.bitwiseAnd(~me, ordering: .releasing)
    }
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension NativeMachine: CallingMachine {
  public func call(_ targets: PCPUSet, _ request: CallRequest, at site: Site) {
    probe.before(.call, at: site)
    let me = PCPUSet(pcpu)
    let others = targets.intersection(PCPUSet(first: pcpuCount)).subtracting(me)
    let calls = own.pointee.calls
    calls.requests[pcpu].address.pointee.store(request.rawValue, ordering: .relaxed)
    calls.unanswered[pcpu].address.pointee.store(others.rawValue, ordering: .relaxed)
    // Fully ordered, as an interrupt is: what the caller loads next comes after the call.
    others.forEach {
      calls.callers[$0].address.pointee.bitwiseOr(
        me.rawValue, ordering: .sequentiallyConsistent)
    }
  }

  public func waitForCalls(at site: Site) {
    probe.before(.waitForCalls, at: site)
    var spins = 0
    while own.pointee.calls.unanswered[pcpu].address.pointee.load(ordering: .acquiring) != 0 {
      if own.pointee.interrupts == .enabled { own.pointee.answerCalls() }
      LivePCPU.backOff(&spins)
    }
  }

  @inlinable @inline(__always)
  public var isCalled: Bool { own.pointee.calls.callers[pcpu].value != 0 }

  public func answerCalls() { own.pointee.answerCalls() }

  public func answerUntilAllEnd() {
    _ = own.pointee.endedCount.address.pointee.wrappingAdd(1, ordering: .relaxed)
    var spins = 0
    while own.pointee.endedCount.value < UInt64(pcpuCount) {
      own.pointee.answerCalls()
      LivePCPU.backOff(&spins)
    }
  }
}
