// Devices of a live run: now and then one begins to share the address space of the VM that a pCPU has
// just run, or stops. While it does, the VM's number is in use though nobody may be in its guest.

import Domain
import Machines
import Oracles

/// What a VM's device word holds; behind `attached` the number that the device uses.
enum DeviceState {
  static let none: UInt64 = 0
  /// Somebody attaches it or takes it away.
  static let busy: UInt64 = 1
  static let attached: UInt64 = 2
}

extension GuestLoop {
  /// Attaches a device to the VM, or takes it away. The VM cannot end meanwhile: the caller holds one
  /// of its vCPUs. Another pCPU may be about it: then nothing happens.
  @inline(never)
  func turnDevice(of vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) {
    let word = world.devices[vm.pointee.slot.index]
    let state = m.load(word, .relaxed, at: WorldSite.attach)
    if state >= DeviceState.attached {
      detach(vm, on: m)
    } else if state == DeviceState.none, take(word, state, on: m) {
      let tag = world.allocator.pin(vm.pointee.state, on: m)
      if tag != .undecided {
        oracles.attached(vm.pointee.slot, residence(of: tag), on: m)
        m.note(.pins)
      }
      m.store(
        word, tag == .undecided ? DeviceState.none : DeviceState.attached &+ tag.number, .release,
        at: WorldSite.attach)
    }
  }

  /// Takes the VM's device away if there is one.
  @inline(never)
  func detach(_ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) {
    let word = world.devices[vm.pointee.slot.index]
    let state = m.load(word, .relaxed, at: WorldSite.detach)
    guard state >= DeviceState.attached, take(word, state, on: m) else { return }
    // The device first: from here on nobody may look at its number.
    oracles.left(vm.pointee.slot, residence(of: Tag(state &- DeviceState.attached)))
    world.allocator.unpin(vm.pointee.state, on: m)
    m.store(word, DeviceState.none, .release, at: WorldSite.detach)
  }

  /// Acquire: pairs with the releases above.
  private func take(_ word: A.M.Word, _ state: UInt64, on m: A.M) -> Bool {
    m.compareExchange(
      word, expected: state, desired: DeviceState.busy, .acquire, failure: .relaxed,
      at: WorldSite.attach) == state
  }

  private func residence(of tag: Tag) -> Tag { Tag(tag.number & knobs.hardwareTagMask) }
}
