// Waiting on a live machine: spin first, then let others run. There are more pCPUs than cores, so
// whoever is waited for may not be running.

import Domain
import Host
import Synchronization

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension NativeMachine {
  @inlinable
  public func wait(
    for word: LiveWord, until condition: WaitCondition, _ order: LoadOrder, at site: Site
  ) -> UInt64 {
    var spins = 0
    while true {
      let value = load(word, order, at: site)
      if condition.holds(for: value) { return value }
      if own.pointee.interrupts == .enabled { own.pointee.answerCalls() }
      LivePCPU.backOff(&spins)
    }
  }

  @inlinable @inline(__always)
  public func acquire(_ lock: Lock<LiveWord>, at site: Site) {
    probe.before(.acquire, at: site)
    if !own.pointee.tryAcquire(lock) { own.pointee.acquireSlowly(lock, at: site) }
  }

  /// Release: pairs with the acquire of `tryAcquire`.
  @inlinable @inline(__always)
  public func release(_ lock: Lock<LiveWord>, at site: Site) {
    probe.before(.release, at: site)
    lock.word.address.pointee.store(0, ordering: .releasing)
  }
}

extension LivePCPU {
  /// Spins this often before it yields the core: about the time a rollover takes.
  private static var spinsBeforeYield: Int { 100 }
  /// Spins this often before it sleeps: whoever is waited for is stuck or off its CPU for long.
  private static var spinsBeforeSleep: Int { 100_000 }

  @inlinable @inline(__always)
  func tryAcquire(_ lock: Lock<LiveWord>) -> Bool {
    lock.word.address.pointee.compareExchange(
      expected: 0, desired: UInt64(truncatingIfNeeded: pcpu.index &+ 1), ordering: .acquiring
    ).exchanged
  }

  @usableFromInline @inline(never)
  mutating func acquireSlowly(_ lock: Lock<LiveWord>, at site: Site) {
    var spins = 0
    while true {
      let holder = lock.word.value
      if holder == 0, tryAcquire(lock) { break }
      publishWait(for: holder, at: site)
      if interrupts == .enabled { answerCalls() }
      LivePCPU.backOff(&spins)
    }
    publishWait(for: nil, at: site)
  }

  /// Says which lock this pCPU waits for, for a stall report.
  private func publishWait(for holder: UInt64?, at site: Site) {
    waiting.address.pointee.store(
      holder.map { $0 << 16 | UInt64(site.number) } ?? 0, ordering: .relaxed)
  }

  @usableFromInline
  static func backOff(_ spins: inout Int) {
    spins += 1
    if spins > spinsBeforeSleep {
      sleepThread(for: .microseconds(100))
    } else if spins % spinsBeforeYield == 0 {
      yieldCore()
    } else {
      spinHint()
    }
  }
}
