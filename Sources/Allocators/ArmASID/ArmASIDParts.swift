// What the ASID allocator keeps: for all processes, and for each of them.

import Domain
import Machines

/// What a process has: mm->context.
public struct ArmASIDContext<M: Machine>: Sendable {
  /// Its id: 0 if it never had one. Written under the lock, read anywhere.
  let id: M.Word
  /// How many pins hold its number. Guarded by the lock.
  let pins: M.Cell
}

/// The parts of the allocator. Handles and numbers; they never change.
struct ArmASIDParts<M: Machine>: Sendable {
  let tagBits: UInt64
  /// One past the highest number that may be handed out.
  let numberLimit: Int
  /// Processes whose number may be pinned at a time.
  let mostPinned: Int

  /// The current generation, shifted. Written under the lock, read without.
  let generation: M.Word
  /// cpu_asid_lock: guards all cells but the last two banks; held with interrupts off.
  let lock: Lock<M.Word>
  /// One bit a number. Number 0 is never looked for.
  let numbersInUse: Bank<M.Cell>
  /// Where the next search starts.
  let nextNumber: M.Cell
  /// What each pCPU runs or ran last: an id, or 0 once a rollover has taken it. Its pCPU writes
  /// anything but 0; a rollover, on any pCPU, exchanges it with 0.
  let active: Bank<M.Word>
  /// The ids that rollovers took from `active`.
  let reserved: Bank<M.Cell>
  /// tlb_flush_pending: whether each pCPU has to flush its TLB before it runs anything of the
  /// current generation.
  let mustFlush: Bank<M.Cell>
  /// pinned_asid_map: one bit a number.
  let pinned: Bank<M.Cell>
  /// nr_pinned_asids.
  let pinnedCount: M.Cell
  /// The id that each pCPU decided on at its last switch, and how. The pCPU's own.
  let decided: Bank<M.Cell>
  let howDecided: Bank<M.Cell>
}

extension ArmASID {
  var tagBits: UInt64 { parts.value.tagBits }
  var numberLimit: Int { parts.value.numberLimit }
  var mostPinned: Int { parts.value.mostPinned }
  var generation: M.Word { parts.value.generation }
  var lock: Lock<M.Word> { parts.value.lock }
  var numbersInUse: Bank<M.Cell> { parts.value.numbersInUse }
  var nextNumber: M.Cell { parts.value.nextNumber }
  var active: Bank<M.Word> { parts.value.active }
  var reserved: Bank<M.Cell> { parts.value.reserved }
  var mustFlush: Bank<M.Cell> { parts.value.mustFlush }
  var pinned: Bank<M.Cell> { parts.value.pinned }
  var pinnedCount: M.Cell { parts.value.pinnedCount }
  var decided: Bank<M.Cell> { parts.value.decided }
  var howDecided: Bank<M.Cell> { parts.value.howDecided }
}
