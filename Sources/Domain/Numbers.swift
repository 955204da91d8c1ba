// The small numbers that every module shares. Each has its own type, so that a tag cannot be
// passed where a pCPU is wanted.

/// A physical CPU of the simulated machine: one pthread. Counted from 0.
public struct PCPU: Hashable, Comparable, Sendable {
  /// Position among the possible pCPUs.
  public let index: Int

  /// The pCPU at `index`, which is not negative.
  @inlinable @inline(__always) public init(_ index: Int) { self.index = index }

  /// By index.
  @inlinable public static func < (a: PCPU, b: PCPU) -> Bool { a.index < b.index }
}

extension PCPU: CustomStringConvertible {
  /// As reports name it.
  public var description: String { "pCPU \(index)" }
}

/// A place for a VM. VMs come and go; two that follow each other in one slot are told apart by
/// their `VMIdentity`.
public struct VMSlot: Hashable, Sendable {
  /// Position among the VM slots of a run, at most 65,534.
  public let index: Int

  /// The slot at `index`, which is not negative.
  @inlinable @inline(__always) public init(_ index: Int) { self.index = index }
}

extension VMSlot: CustomStringConvertible {
  /// As reports name it.
  public var description: String { "VM \(index)" }
}

/// One VM, told apart from every other VM of the run, the dead ones included.
/// 0 is nobody.
public typealias VMIdentity = UInt32

/// A TLB tag: the number under which a VM's translations sit in a TLB (VMID, ASID, VPID).
/// 0 is never a guest's.
public struct Tag: Hashable, Comparable, Sendable {
  /// The number as the hardware sees it.
  public let number: UInt64

  /// The tag `number`.
  @inlinable @inline(__always) public init(_ number: UInt64) { self.number = number }

  /// By number.
  @inlinable public static func < (a: Tag, b: Tag) -> Bool { a.number < b.number }
}

extension Tag: CustomStringConvertible {
  /// As reports name it.
  public var description: String { "\(number)" }
}
