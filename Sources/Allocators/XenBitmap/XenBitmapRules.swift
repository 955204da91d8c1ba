// The steps of Xen's bitmap on RISC-V in which what was posted differs from what its review asked
// for, and those that a fault may replace. The defaults are the right ones.

import Domain
import Machines

/// The replaceable steps.
public protocol XenBitmapRules: Sendable {
  /// How many bits a number is taken to have.
  static func tagBits(_ configuration: AllocatorConfiguration) -> Int
  /// How many of the highest numbers are given away.
  static var lostNumbers: Int { get }
  /// Flushes a dead domain's number before `vm`, which is being created, gets it. The caller holds
  /// the lock.
  static func flushForReuse<M: Machine>(of number: UInt64, by vm: XenBitmapVM<M>, on m: M)
  /// p2m_init, as far as the number goes: what a domain has before it gets one.
  static func initialise<M: Machine>(_ vm: XenBitmapVM<M>, on m: M)
  /// Takes a domain's number back.
  static func free<M: Machine>(
    _ vm: XenBitmapVM<M>, _ allocator: XenBitmap<M, Self>, on m: M)
  /// Whether the first attempt to create a domain fails for want of memory, halfway.
  static var firstAttemptFails: Bool { get }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenBitmapRules {
  /// VMIDLEN, probed: ones are written to the field and read back. It may be 0.
  @inline(__always)
  public static func tagBits(_ configuration: AllocatorConfiguration) -> Int {
    configuration.hardwareTagBits
  }

  /// None: "no number" is wider than the field.
  @inline(__always)
  public static var lostNumbers: Int { 0 }

  /// On every hart: where the dead domain ran is forgotten.
  @inline(__always)
  public static func flushForReuse<M: Machine>(
    of number: UInt64, by vm: XenBitmapVM<M>, on m: M
  ) {
    m.invalidate(.tag(Tag(number)), on: .everyPCPU, at: XenBitmapSites.reuseFlush)
    m.waitForInvalidations(at: XenBitmapSites.reuseFlushWait)
  }

  /// No number yet.
  @inline(__always)
  public static func initialise<M: Machine>(_ vm: XenBitmapVM<M>, on m: M) {
    m.write(vm.number, XenBitmapVM<M>.invalid)
  }

  /// Nothing if it never got one.
  @inline(__always)
  public static func free<M: Machine>(
    _ vm: XenBitmapVM<M>, _ allocator: XenBitmap<M, Self>, on m: M
  ) {
    guard allocator.hasNumbers else { return }
    m.acquire(allocator.lock, at: XenBitmapSites.freeLock)
    let number = m.read(vm.number)
    if number != XenBitmapVM<M>.invalid {
      allocator.taken.remove(number, on: m)
      m.tagFreed(Tag(number))
      allocator.toFlush.insert(number, on: m)
    }
    m.release(allocator.lock, at: XenBitmapSites.freeUnlock)
  }

  @inline(__always)
  public static var firstAttemptFails: Bool { false }
}

/// As the review wants it: nothing replaced.
public enum XenBitmapAsReviewed: XenBitmapRules {}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// As it was posted.
public enum XenBitmapAsPosted: XenBitmapRules {
  /// The architecture's widest field.
  @inline(__always)
  public static func tagBits(_ configuration: AllocatorConfiguration) -> Int {
    configuration.tagBits
  }

  /// The highest number stands for "none", and the search ends before the one below it.
  @inline(__always)
  public static var lostNumbers: Int { 2 }

  /// On the harts where the new domain has run, which are none.
  @inline(__always)
  public static func flushForReuse<M: Machine>(
    of number: UInt64, by vm: XenBitmapVM<M>, on m: M
  ) {
    if m.load(vm.dirty, .relaxed, at: XenBitmapSites.reuseDirty) == 0 { return }
    m.invalidate(.tag(Tag(number)), on: .everyPCPU, at: XenBitmapSites.reuseFlush)
    m.waitForInvalidations(at: XenBitmapSites.reuseFlushWait)
  }
}
