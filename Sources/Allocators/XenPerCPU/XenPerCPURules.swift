// The steps of Xen's numbers per pCPU in which its versions differ, and those that a fault may
// replace. The defaults are the right ones.

import Domain
import Machines

/// The replaceable steps.
public protocol XenPerCPURules: Sendable {
  /// How many bits a number is taken to have.
  static func tagBits(_ configuration: AllocatorConfiguration) -> Int
  /// With fewer bits of a number the hardware has none.
  static var leastTagBits: Int { get }
  /// What every guest is entered with then.
  static var numberWhenOff: UInt64 { get }
  /// Whether `flush` calls other pCPUs.
  static var makesCalls: Bool { get }
  /// A vCPU comes to this pCPU.
  static func arrive<M: CallingMachine>(_ vcpu: XenPerCPUVCPU<M>, on m: M)
  /// Flushes before the first number of a generation is used.
  static func flushForFirstNumber<M: CallingMachine>(on m: M)
  /// Flushes before an entry without numbers.
  static func flushWhenOff<M: CallingMachine>(on m: M)
  /// Removes a domain's translations everywhere, by the time it returns.
  static func flush<M: CallingMachine>(_ vm: XenPerCPUVM<M>, on m: M)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenPerCPURules {
  /// What the hardware says. On RISC-V ones are written to the field and read back.
  @inline(__always)
  public static func tagBits(_ configuration: AllocatorConfiguration) -> Int {
    configuration.hardwareTagBits
  }

  /// A vCPU that was elsewhere loses its number: it counts there.
  @inline(__always)
  public static func arrive<M: CallingMachine>(_ vcpu: XenPerCPUVCPU<M>, on m: M) {
    let here = UInt64(truncatingIfNeeded: m.pcpu.index &+ 1)
    if m.read(vcpu.lastPCPU) == here { return }
    m.write(vcpu.lastPCPU, here)
    m.store(vcpu.generation, 0, .relaxed, at: XenPerCPUSites.arriveGeneration)
  }

  /// All of the last generation's numbers are about to be used again.
  @inline(__always)
  public static func flushForFirstNumber<M: CallingMachine>(on m: M) {
    m.invalidate(.everything, on: .thisPCPU, at: XenPerCPUSites.firstFlush)
  }

  @inline(__always)
  public static func flushWhenOff<M: CallingMachine>(on m: M) {
    m.invalidate(.everything, on: .thisPCPU, at: XenPerCPUSites.flushWhenOff)
  }
}

/// On RISC-V.
public protocol XenRISCVRules: XenPerCPURules {}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenRISCVRules {
  /// Numbers are used from two bits on.
  @inline(__always)
  public static var leastTagBits: Int { 2 }
  @inline(__always)
  public static var numberWhenOff: UInt64 { 0 }
  @inline(__always)
  public static var makesCalls: Bool { false }

  /// sbi_remote_hfence_gvma on the harts where the domain has run; here, on all.
  @inline(__always)
  public static func flush<M: CallingMachine>(_ vm: XenPerCPUVM<M>, on m: M) {
    m.invalidate(.everything, on: .everyPCPU, at: XenPerCPUSites.flushAll)
    m.waitForInvalidations(at: XenPerCPUSites.flushAllWait)
  }
}

/// As on x86: a vCPU that moves loses its number, and without numbers every entry flushes.
public enum XenRISCVRepaired: XenRISCVRules {}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// As merged.
public enum XenRISCVAsMerged: XenRISCVRules {
  /// vmid_flush_vcpu is there, but nobody calls it.
  @inline(__always)
  public static func arrive<M: CallingMachine>(_ vcpu: XenPerCPUVCPU<M>, on m: M) {}

  /// vmid_handle_vmenter says that nothing is to be flushed, and nobody else flushes the second
  /// stage.
  @inline(__always)
  public static func flushWhenOff<M: CallingMachine>(on m: M) {}
}

/// On x86.
public protocol XenX86Rules: XenPerCPURules {}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenX86Rules {
  @inline(__always)
  public static var leastTagBits: Int { 1 }
  /// SVM runs no guest under number 0, which is the host's.
  @inline(__always)
  public static var numberWhenOff: UInt64 { 1 }
  @inline(__always)
  public static var makesCalls: Bool { true }

  /// Takes the numbers of all vCPUs away, throws those that run out of the guest, and waits: each
  /// comes back with a new number.
  ///
  /// The stores are relaxed; the call is fully ordered, so whoever answers sees them.
  @inline(__always)
  public static func flush<M: CallingMachine>(_ vm: XenPerCPUVM<M>, on m: M) {
    takeNumbers(of: vm, on: m)
    m.call(PCPUSet(first: m.pcpuCount), .leaveGuest, at: XenPerCPUSites.throwOut)
    m.waitForCalls(at: XenPerCPUSites.throwOutWait)
  }

  @inline(__always)
  static func takeNumbers<M: CallingMachine>(of vm: XenPerCPUVM<M>, on m: M) {
    for vcpu in 0..<vm.generations.count {
      m.store(vm.generations[vcpu], 0, .relaxed, at: XenPerCPUSites.takeGeneration)
    }
  }
}

/// As it is: nothing replaced.
public enum XenX86AsMerged: XenX86Rules {}
