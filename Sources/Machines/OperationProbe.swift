// What an instrumented machine does before each operation. A bare one does nothing, and the
// compiler takes the nothing out.

import Domain
import Host
import Synchronization

/// Called before every operation of a live machine.
public protocol OperationProbe: Sendable {
  /// The operation `kind` at `site` is about to be made.
  func before(_ kind: OperationKind, at site: Site)
}

/// What kind of operation it is.
public enum OperationKind: UInt8, Sendable, CaseIterable {
  case load, store, exchange, add, or, compareExchange, fence, wait, acquire, release
  case call, waitForCalls
  case invalidate, waitForInvalidations, install, leaveGuest, clearContext, translate, speculate
  case writeBackCache, firmware
}

/// No probe: the bare live machine.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct NoProbe: OperationProbe {
  /// The only one.
  @inlinable public init() {}
  @inlinable @inline(__always) public func before(_ kind: OperationKind, at site: Site) {}
}

/// Seeded pauses and a flight recorder: provokes rare windows, and tells afterwards what each pCPU
/// did last.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct Instruments: OperationProbe, @unchecked Sendable {
  // Belongs to one pCPU's thread; the recorder's places are atomic so that a stall report may
  // read them while the thread runs.
  @usableFromInline let state: UnsafeMutablePointer<InstrumentState>

  init(_ state: UnsafeMutablePointer<InstrumentState>) { self.state = state }

  @inlinable @inline(__always)
  public func before(_ kind: OperationKind, at site: Site) {
    let number = state.pointee.recorded
    state.pointee.recorder.advanced(by: Int(number & (InstrumentState.recorderSize &- 1)))
      .address.pointee.store(
        (number &+ 1) &<< 24 | UInt64(kind.rawValue) &<< 16 | UInt64(site.number),
        ordering: .relaxed)
    state.pointee.recorded = number &+ 1
    state.pointee.untilDue &-= 1
    if state.pointee.untilDue == 0 { pauseIsDue() }
    if site.number == state.pointee.armed { comesToArmedSite() }
  }

  /// A pause is due: draws the site whose next operation it precedes. Rare sites get as many pauses
  /// as frequent ones, and it is on rare paths that windows are seldom hit. Without a list of
  /// sites it is made at once.
  @usableFromInline @inline(never)
  func pauseIsDue() {
    guard state.pointee.siteCount > 0 else { return pause() }
    let choice = Int(state.pointee.random.below(UInt64(state.pointee.siteCount)))
    state.pointee.armed = state.pointee.sites[choice]
    state.pointee.passes = state.pointee.random.below(4)
    // A site that does not come for so long is given up for another.
    state.pointee.untilDue = 4 * state.pointee.plan.period
  }

  /// Pauses here, or at one of the next operations of this site: a loop passes it several times.
  @usableFromInline @inline(never)
  func comesToArmedSite() {
    if state.pointee.passes == 0 { return pause() }
    state.pointee.passes -= 1
  }

  /// Makes a pause of a class drawn from the seed and draws when the next one is due.
  @usableFromInline @inline(never)
  func pause() {
    let draw = state.pointee.random.below(1000)
    let plan = state.pointee.plan
    state.pointee.pauses.addAlone(1)
    if draw < plan.rarePerMille {
      sleepThread(for: .microseconds(50 + Int(state.pointee.random.below(450))))
    } else if draw < plan.rarePerMille + plan.longPerMille {
      yieldCore()
      for _ in 0..<state.pointee.random.below(2000) { spinHint() }
    } else {
      for _ in 0..<state.pointee.random.below(60) { spinHint() }
    }
    state.pointee.armed = 0
    state.pointee.untilDue = plan.interval(&state.pointee.random)
  }
}

/// How often a pCPU pauses, and for how long.
public struct PausePlan: Sendable, Equatable, BitwiseCopyable {
  /// One pause in so many operations, on average.
  public let period: UInt64
  /// Of 1,000 pauses, so many sleep 50 to 500 microseconds ...
  public let rarePerMille: UInt64
  /// ... and so many yield the core and spin for up to 2,000 hints; the others spin for up to 60.
  public let longPerMille: UInt64

  /// None in the life of a run: the flight recorder alone.
  public static let never = PausePlan(period: 1 << 60, rarePerMille: 0, longPerMille: 0)
  /// One pause in 128 operations.
  public static let light = PausePlan(period: 128, rarePerMille: 5, longPerMille: 100)
  /// One pause in 24 operations.
  public static let heavy = PausePlan(period: 24, rarePerMille: 10, longPerMille: 200)

  func interval(_ random: inout RandomStream) -> UInt64 { 1 + random.below(2 * period - 1) }
}

/// What one pCPU's instruments remember.
@usableFromInline
struct InstrumentState {
  @usableFromInline static let recorderSize: UInt64 = 64

  /// Operations until a pause is due, or until an armed site is given up.
  @usableFromInline var untilDue: UInt64
  /// The site whose next operation is preceded by a pause; 0: none.
  @usableFromInline var armed: UInt16 = 0
  /// Operations of the armed site to let pass.
  @usableFromInline var passes: UInt64 = 0
  /// The sites to choose from.
  @usableFromInline let sites: UnsafeMutablePointer<UInt16>
  @usableFromInline let siteCount: Int
  @usableFromInline var recorded: UInt64 = 0
  @usableFromInline let recorder: LiveWord
  @usableFromInline let pauses: LiveWord
  @usableFromInline var random: RandomStream
  @usableFromInline let plan: PausePlan

  init(plan: PausePlan, sites: [Site], seed: Seed, pauses: LiveWord, in memory: LiveMemory) {
    self.plan = plan
    siteCount = sites.count
    self.sites = memory.array(of: max(sites.count, 1), 0)
    for (index, site) in sites.enumerated() { self.sites[index] = site.number }
    self.pauses = pauses
    random = RandomStream(seed)
    untilDue = plan.interval(&random)
    recorder =
      memory.words(
        Int(InstrumentState.recorderSize), initially: 0, .packed, named: "flight recorder")[0]
  }
}

/// One entry of the flight recorder.
public struct RecordedOperation: Sendable, Equatable {
  /// Counts the pCPU's operations from 1.
  public let number: UInt64
  /// What was done.
  public let kind: OperationKind
  /// Where.
  public let site: Site
}
