// What a live machine collects for the oracles, off the fast path.

import Domain
import Host

extension NativeMachine {
  /// Whoever ran with the tag has left and been handed over to the caller, so a context word that still
  /// has it is another user's, and live.
  public func tagFreed(_ tag: Tag) {
    note(.checksO11)
    let hardware = own.pointee.hardware.takeUnretainedValue()
    let word = hardware.tagStates[Int(truncatingIfNeeded: tag.number)]
    if word.value == TagState.freed {
      hardware.watcher.freed(FreedTagEvidence(pcpu: pcpu, tag: tag, user: nil))
    }
    word.address.pointee.store(TagState.freed, ordering: .relaxed)
    for index in 0..<pcpuCount where index != pcpu.index {
      let context = observeContext(of: PCPU(index))
      if context.isLive, context.tag == tag {
        hardware.watcher.freed(
          FreedTagEvidence(pcpu: pcpu, tag: tag, user: (PCPU(index), context)))
      }
    }
  }

  /// See `tagFreed`.
  public func tagAllocated(_ tag: Tag) {
    let hardware = own.pointee.hardware.takeUnretainedValue()
    hardware.tagStates[Int(truncatingIfNeeded: tag.number)].address.pointee
      .store(TagState.held, ordering: .relaxed)
    guard let encryption = hardware.encryption else { return }
    note(.checksO11)
    if let holder = encryption.holder(of: tag) {
      hardware.watcher.reused(LinesLeftEvidence(pcpu: pcpu, tag: tag, holder: holder))
    }
  }

  /// Notes every pCPU's context word, and which flushes came before: they are not the rollover's.
  public func rolloverBegins() {
    note(.rollovers)
    own.pointee.flushesBeforeRollover = own.pointee.flushesIssued
    for index in 0..<pcpuCount {
      own.pointee.contextsBeforeRollover[index] = observeContext(of: PCPU(index)).bits
      own.pointee.idleTurnsBeforeRollover[index] =
        own.pointee.hardware.takeUnretainedValue().idleTurns[index].acquiredValue
    }
  }

  /// A context whose word has not changed was live all through the rollover: its tag must have
  /// been kept. Nothing is said of contexts that changed meanwhile, so what is said is certain.
  public func rolloverEnds(keeps: (Tag) -> Bool) {
    var throughout = 0
    var lost: (pcpu: PCPU, context: ContextWord)?
    for index in 0..<pcpuCount {
      let context = observeContext(of: PCPU(index))
      guard context.isLive, context.bits == own.pointee.contextsBeforeRollover[index] else {
        continue
      }
      throughout += 1
      if !keeps(context.tag) { lost = (PCPU(index), context) }
    }
    countIdle(keeps: keeps)
    let flushed = own.pointee.flushesCompleted > own.pointee.flushesBeforeRollover
    let judges = own.pointee.hardware.takeUnretainedValue().watcher.rolledOver(
      RolloverEvidence(
        pcpu: pcpu, flushCompleted: flushed, contextsThroughout: throughout, lost: lost))
    if judges.contains(.o5) { note(.checksO5) }
    if judges.contains(.o6) { note(.checksO6) }
  }

  /// Every pCPU may need one number kept, but for those that had nothing loaded all the time.
  private func countIdle(keeps: (Tag) -> Bool) {
    let hardware = own.pointee.hardware.takeUnretainedValue()
    var idle = 0
    for index in 0..<pcpuCount {
      let before = own.pointee.idleTurnsBeforeRollover[index]
      if before & 1 == 1, hardware.idleTurns[index].acquiredValue == before { idle += 1 }
    }
    guard idle > 0 else { return }
    let kept = (1..<hardware.tagCount).count { keeps(Tag(UInt64($0))) }
    note(.idleAtRollover, times: UInt64(idle))
    note(.keptForIdle, times: UInt64(max(0, kept - (pcpuCount - idle))))
  }

  /// Release: what `put` stored comes before.
  public func turnsIdle(_ isIdle: Bool) {
    let turns = own.pointee.hardware.takeUnretainedValue().idleTurns[pcpu]
    turns.address.pointee.store(turns.value &+ 1, ordering: .releasing)
  }

  /// Reports, then holds this pCPU for ever: a trap would take the summary with it. Nothing of the
  /// run is touched any more, calls are not answered: whoever waits for them is given up, too.
  public func bug(_ message: StaticString, at site: Site) -> Never {
    own.pointee.hardware.takeUnretainedValue().watcher.bug("\(message)", at: site, on: pcpu)
    while true { sleepThread(for: .seconds(3600)) }
  }
}
