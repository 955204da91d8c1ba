// The steps of nested ASIDs that faults replace. The defaults are the right ones.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol SVMNestedRules: Sendable {
  /// A vCPU has been loaded.
  static func noteLoad<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M)
  /// Another context of a vCPU is current.
  static func noteSwitch<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M)
  /// The host asks a vCPU to flush: a translation of its VM has changed.
  static func flushForHost<M: CallingMachine>(_ vcpu: SVMNestedVCPU<M>, on m: M)
  /// The number of all L2s of a VM.
  static func nestedASID<M: CallingMachine>(
    of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) -> UInt64
  /// Another context is about to be current.
  static func beforeSwitch<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M)
  /// Whether L2 ran under another tag of L1's before, `last`; 0 if it has not run.
  static func isOther(_ virtualASID: UInt64, than last: UInt64) -> Bool
  /// Whether L1's flush of everything is one of its own context, too.
  static var everythingIncludesL1: Bool { get }
  /// L1 invalidates `page` of the L2 that ran last.
  static func invalidateInL2<M: CallingMachine>(
    _ page: UInt64, of vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMNestedRules {
  /// If another vCPU ran here last under the current context's number, that context is to be flushed.
  @inline(__always)
  public static func noteLoad<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    if allocator.takeOver(vcpu, of: vm, on: m) { m.write(vcpu.flushesCurrent, 1) }
  }

  /// The same: a sibling may have run here under the one number and not under the other.
  public static func noteSwitch<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    if allocator.takeOver(vcpu, of: vm, on: m) { m.write(vcpu.flushesCurrent, 1) }
  }

  /// Both contexts: each has what it has.
  @inline(__always)
  public static func flushForHost<M: CallingMachine>(_ vcpu: SVMNestedVCPU<M>, on m: M) {
    vcpu.vmcb01.set(.thisASID, on: m)
    vcpu.vmcb02.set(.thisASID, on: m)
  }

  /// Decided at the first nested entry, by one of those who come to it at a time.
  public static func nestedASID<M: CallingMachine>(
    of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) -> UInt64 {
    m.acquire(vm.nestedLock, at: SVMNestedSites.nestedLock)
    let asid = allocator.decideNestedASID(of: vm, on: m)
    m.release(vm.nestedLock, at: SVMNestedSites.nestedUnlock)
    return asid
  }

  /// What was meant for this one is for this one.
  public static func beforeSwitch<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    allocator.takeRequestForCurrent(vcpu, on: m)
  }

  public static func isOther(_ virtualASID: UInt64, than last: UInt64) -> Bool {
    virtualASID != last
  }

  public static var everythingIncludesL1: Bool { true }

  public static func invalidateInL2<M: CallingMachine>(
    _ page: UInt64, of vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    allocator.drop(page, of: vcpu.vmcb02, on: m)
  }
}

/// As posted, on a pCPU with FLUSHBYASID, with what the posted patches leave open closed: freed numbers are
/// taken out of the maps and the fallback is never freed, as in `SVMStatic`; a vCPU is noted under each
/// number that it runs under, and not only under the one that it is loaded with; INVLPGA reaches what L2
/// left on another pCPU; a lock decides who allocates the nested number.
public enum SVMNestedAsPosted: SVMNestedRules {}
