// Changes of a VM's stage-2 table while its guests run: unmapping (the MMU notifier's way) and
// mapping after a fault. Frames that one VM loses another one gets.

import Domain
import Machines
import Oracles

/// Frames that a pCPU has taken and not given away yet, oldest first. Fixed in size.
struct SpareFrames {
  private static let capacity = 16
  private var frames = InlineArray<16, UInt64>(repeating: 0)
  private(set) var count = 0

  var isFull: Bool { count == SpareFrames.capacity }

  mutating func put(_ frame: UInt64) {
    frames[count] = frame
    count += 1
  }

  mutating func take() -> UInt64? {
    guard count > 0 else { return nil }
    let oldest = frames[0]
    count -= 1
    for place in 0..<count { frames[place] = frames[place + 1] }
    return oldest
  }
}

extension GuestLoop {
  /// Takes a random page from the VM, as an MMU notifier does: clear the entry, barrier, invalidate
  /// by tag, wait, and only then use the frame elsewhere. The VM cannot end meanwhile: the caller
  /// holds one of its vCPUs. Its other vCPUs may run.
  @inline(never)
  mutating func unmap(_ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) {
    if spareFrames.isFull { return }
    let page = randomPage()
    let word = vm.pointee.table[Int(page)]
    let old = TableEntry(bits: m.load(word, .relaxed, at: WorldSite.unmap))
    let cleared = TableEntry(frame: 0, version: old.version &+ 1, isValid: false)
    guard old.isValid,
      m.compareExchange(
        word, expected: old.bits, desired: cleared.bits, .relaxed, failure: .relaxed,
        at: WorldSite.unmap) == old.bits
    else { return }
    // Pairs with the barrier of a table walk: either the walk sees the cleared entry, or the
    // number read below is the one that the walker fills under.
    m.fence(.full, at: WorldSite.unmapBarrier)
    world.allocator.flush(page: page, of: vm.pointee.state, on: m)
    if oracles.mode != .off {
      oracles.flushes.complete(vm.pointee.slot, page: page, version: cleared.version)
    }
    spareFrames.put(old.frame)
    m.note(.unmaps)
  }

  /// Gives the page a frame, after a fault. Another vCPU may have been faster.
  ///
  /// Faults are served inside the guest, calls are not: an allocator that calls others when a page is
  /// taken must not be asked for one here. Its pages wait for the frames that slices end with.
  @inline(never)
  mutating func map(
    _ page: UInt64, _ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M
  ) {
    if spareFrames.count == 0, !A.makesCalls { unmap(vm, on: m) }
    guard let frame = spareFrames.take() else { return }
    let word = vm.pointee.table[Int(page)]
    let old = TableEntry(bits: m.load(word, .relaxed, at: WorldSite.map))
    let new = TableEntry(frame: frame, version: old.version &+ 1, isValid: true)
    let isMine =
      !old.isValid
      && m.compareExchange(
        word, expected: old.bits, desired: new.bits, .release, failure: .relaxed,
        at: WorldSite.map) == old.bits
    if !isMine { spareFrames.put(frame) }
  }
}
