import Domain
import Machines

/// B15: the branch for pinned VMs returns the renewed id and leaves the old one in the VM. Once it is
/// unpinned, another vCPU finds neither a reserved number nor a free one, and takes a second.
enum PinnedIDNotStored: ArmASIDRules {
  static var traits: AllocatorTraits { Arm64VMIDPinned.traits }
  static var contextLife: ContextLife { Arm64VMIDPinned.contextLife }
  static var decidesAtSwitch: Bool { Arm64VMIDPinned.decidesAtSwitch }

  @inline(__always)
  static func orderFlush<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.flushEverywhere(on: m)
  }

  @inline(__always)
  static func leave<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.markLeft(on: m)
  }

  @inline(__always)
  static func start<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.markAllLeft(on: m)
  }

  @inline(__always)
  static func keepID<M: Machine>(
    _ id: UInt64, _ origin: NewIDOrigin, _ vm: ArmASIDContext<M>, on m: M
  ) {
    if origin != .pinned { m.store(vm.id, id, .relaxed, at: ArmASIDSites.keepID) }
  }
}
