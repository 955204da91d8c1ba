// Pins: a device that shares a process's address space has its number in a table of its own and is
// told of no rollover, so the number must stay (arch/arm64/mm/context.c, arm64_mm_context_get).

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ArmASID {
  /// arm64_mm_context_get. `.undecided` if no further number may be pinned: one must be left for
  /// each pCPU, and one to hand out.
  public func pin(_ vm: ArmASIDContext<M>, on m: M) -> Tag {
    guard Rules.traits.canPin else { return .undecided }
    let interrupts = m.maskInterrupts()
    m.acquire(lock, at: ArmASIDSites.pinLock)
    let tag = pinLocked(vm, on: m)
    m.release(lock, at: ArmASIDSites.pinUnlock)
    m.restoreInterrupts(interrupts)
    return tag
  }

  private func pinLocked(_ vm: ArmASIDContext<M>, on m: M) -> Tag {
    var id = m.load(vm.id, .relaxed, at: ArmASIDSites.pinID)
    let pins = m.read(vm.pins)
    if pins == 0 {
      let count = m.read(pinnedCount)
      if count >= UInt64(mostPinned) { return .undecided }
      // Rollovers may have passed since the process last ran.
      if !isCurrent(id, at: ArmASIDSites.pinGeneration, on: m) { id = renewLocked(vm, on: m) }
      m.write(pinnedCount, count + 1)
      mark(Int(number(of: id).number), in: pinned, on: m)
    }
    m.write(vm.pins, pins + 1)
    return number(of: id)
  }

  /// arm64_mm_context_put. The number stays taken until the next rollover; from there on it is as
  /// any other's.
  public func unpin(_ vm: ArmASIDContext<M>, on m: M) {
    let interrupts = m.maskInterrupts()
    m.acquire(lock, at: ArmASIDSites.unpinLock)
    let id = m.load(vm.id, .relaxed, at: ArmASIDSites.unpinID)
    let pins = m.read(vm.pins)
    m.write(vm.pins, pins - 1)
    if pins == 1 {
      unmark(Int(number(of: id).number), in: pinned, on: m)
      m.write(pinnedCount, m.read(pinnedCount) - 1)
    }
    m.release(lock, at: ArmASIDSites.unpinUnlock)
    m.restoreInterrupts(interrupts)
  }
}
