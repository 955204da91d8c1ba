// The steps of load and entry that versions and faults replace. The defaults are those of
// fa808ed4e199, which are right.

import Domain
import Machines

/// The replaceable steps, beside those of `Arm64VMIDRules`.
public protocol Arm64VMIDAtLoadRules: Arm64VMIDRules {
  /// vcpu_load, as far as stage 2 is concerned.
  static func load<M: Machine>(
    _ vcpu: UInt64, _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M)
  /// What happens to the id before an entry.
  static func prepareEntry<M: Machine>(
    _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M)
  /// The lock-free path: makes the VM's id active; returns what stands in the way, if anything does.
  static func tryFastPath<M: Machine>(
    _ vm: M.Word, _ ids: Arm64VMID<M, Self>, on m: M
  ) -> Arm64VMID<M, Self>.SlowPathCause?
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension Arm64VMIDAtLoadRules {
  /// The id first: both that follow need it.
  @inline(__always)
  public static func load<M: Machine>(
    _ vcpu: UInt64, _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {
    allocator.update(vm, on: m)
    allocator.dropOtherVCPUs(than: vcpu, vm, on: m)
    allocator.loadStage2(vm, on: m)
  }

  /// Nothing.
  @inline(__always)
  public static func prepareEntry<M: Machine>(
    _ vm: Arm64VMIDAtLoadVM<M>, _ allocator: Arm64VMIDAtLoad<M, Self>, on m: M
  ) {}

  /// As merged.
  @inline(__always)
  public static func tryFastPath<M: Machine>(
    _ vm: M.Word, _ ids: Arm64VMID<M, Self>, on m: M
  ) -> Arm64VMID<M, Self>.SlowPathCause? {
    ids.tryFastPath(vm, on: m).obstacle
  }
}

/// As of fa808ed4e199: nothing replaced.
public enum Arm64VMIDLoadedOnce: Arm64VMIDAtLoadRules {}

/// The sites that load has beside those of the allocator.
enum Arm64VMIDAtLoadSites {
  /// The commit that the order of steps follows.
  static let commit = "fa808ed4e199"

  static let otherID = Site(26)
  static let dropOther = Site(27)
  static let dropOtherWait = Site(28)

  static let table: [SiteDescription] = [
    Arm64VMIDSites.row(
      otherID, "other-vcpu-id", "load", "vm.id", "relaxed", "__kvm_flush_cpu_context"),
    Arm64VMIDSites.row(
      dropOther, "drop-other-vcpu", "invalidate", "tag", "-", "__kvm_flush_cpu_context"),
    Arm64VMIDSites.row(
      dropOtherWait, "drop-other-vcpu-wait", "waitForInvalidations", "-", "-",
      "__kvm_flush_cpu_context"),
  ]
}
