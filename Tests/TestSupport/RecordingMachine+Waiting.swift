// Locks and waiting on one thread. Whoever has to wait here waits for ever, so the double stops
// and says what for.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine {
  public func wait(
    for word: RecordedWord, until condition: WaitCondition, _ order: LoadOrder, at site: Site
  ) -> UInt64 {
    hardware.arrive(at: site)
    let value = self[word.place]
    record(
      .wait, word.place, order.rawValue, output: value, detail: "until \(condition)", at: site)
    if !condition.holds(for: value) { stopWaiting(for: word, value) }
    return value
  }

  public func acquire(_ lock: Lock<RecordedWord>, at site: Site) {
    take(lock, .acquire, at: site)
  }

  public func release(_ lock: Lock<RecordedWord>, at site: Site) {
    giveBack(lock, .release, at: site)
  }

  private var mark: UInt64 { UInt64(pcpu.index + 1) }

  private func take(_ lock: Lock<RecordedWord>, _ kind: RecordedKind, at site: Site) {
    hardware.arrive(at: site)
    let holder = self[lock.word.place]
    record(kind, lock.word.place, "acquire", output: holder, at: site)
    if holder != 0 { stopWaiting(for: lock.word, holder) }
    self[lock.word.place] = mark
  }

  private func giveBack(_ lock: Lock<RecordedWord>, _ kind: RecordedKind, at site: Site) {
    hardware.arrive(at: site)
    let holder = self[lock.word.place]
    record(kind, lock.word.place, "release", output: holder, at: site)
    if holder != mark { stop("it gives back what it does not hold: \(holder)") }
    self[lock.word.place] = 0
  }

  private func stopWaiting(for word: RecordedWord, _ value: UInt64) -> Never {
    stop("it waits for ever: \(hardware.memory.object(at: word.place)) is \(value)")
  }

  /// Ends the process: on this machine there is no way on.
  func stop(_ reason: String) -> Never {
    let last = hardware.steps.last.map { "; last: \($0)" } ?? ""
    fatalError("\(pcpu) cannot go on, \(reason)\(last)")
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine: SleepingLockMachine {
  public func acquireSleeping(_ lock: Lock<RecordedWord>, at site: Site) {
    take(lock, .acquireSleeping, at: site)
  }

  public func releaseSleeping(_ lock: Lock<RecordedWord>, at site: Site) {
    giveBack(lock, .releaseSleeping, at: site)
  }
}
