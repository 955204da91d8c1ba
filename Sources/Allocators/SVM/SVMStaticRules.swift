// The steps of the static ASID allocator that versions and faults replace. The defaults are the right
// ones for a pCPU with FLUSHBYASID and one ASID for each VM.

import Domain
import Machines

/// The replaceable steps. A fault overrides the one that it is about and nothing else.
public protocol SVMStaticRules: Sendable {
  /// Whether each vCPU gets an ASID of its own.
  static var onePerVCPU: Bool { get }
  /// What a VMCB is told if its ASID is to be flushed.
  static var flushASID: TLBControl { get }
  /// What the first run of a vCPU flushes.
  static var firstFlush: TLBControl { get }
  /// Whether a vCPU flushes that ran on another pCPU last.
  static var flushesOnArrival: Bool { get }
  /// Whether a run under the fallback flushes.
  static var flushesFallback: Bool { get }
  /// Whether the vCPU at `last`, which ran here last under the ASID, is another one than that at
  /// `address`.
  static func isAnother(_ last: UInt64, than address: UInt64) -> Bool
  /// Whether a VM's end frees its ASID.
  static func mayFree(_ asid: UInt64, fallback: UInt64) -> Bool
  /// Takes `asid`, which is about to be freed, out of the maps.
  static func unregister<M: CallingMachine>(
    _ asid: UInt64, _ allocator: SVMStatic<M, Self>, on m: M)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension SVMStaticRules {
  @inline(__always) public static var onePerVCPU: Bool { false }
  @inline(__always) public static var flushASID: TLBControl { .thisASID }
  @inline(__always) public static var firstFlush: TLBControl { flushASID }
  @inline(__always) public static var flushesOnArrival: Bool { true }
  @inline(__always) public static var flushesFallback: Bool { true }

  @inline(__always)
  public static func isAnother(_ last: UInt64, than address: UInt64) -> Bool { last != address }

  @inline(__always)
  public static func mayFree(_ asid: UInt64, fallback: UInt64) -> Bool { asid != fallback }

  @inline(__always)
  public static func unregister<M: CallingMachine>(
    _ asid: UInt64, _ allocator: SVMStatic<M, Self>, on m: M
  ) {
    if !onePerVCPU { allocator.forgetVCPUs(under: asid, on: m) }
  }
}

/// One ASID for each VM, as posted; what the posted patches leave open is closed.
public enum SVMStaticAsPosted: SVMStaticRules {}

/// The same on a pCPU without FLUSHBYASID: "KVM: SVM: Flush everything if FLUSHBYASID is not
/// available", the fourth patch.
public enum SVMStaticWithoutFlushByASID: SVMStaticRules {
  /// Everything of this pCPU, for want of something finer.
  @inline(__always) public static var flushASID: TLBControl { .everything }
}

/// One ASID for each vCPU.
public enum SVMPerVCPU: SVMStaticRules {
  /// Nobody else has it, so that nobody is tracked.
  @inline(__always) public static var onePerVCPU: Bool { true }
}
