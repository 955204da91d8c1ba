// One invalidation instruction, as issued.

/// One instruction with its operand.
public enum RangeOperation: Hashable, Sendable {
  /// TLBI IPAS2E1IS: the entry that translates one address.
  case page(PageOperand)
  /// TLBI RIPAS2E1IS: a range.
  case range(RangeOperand)

  /// The 64 bits of the operand.
  @inlinable public var bits: UInt64 {
    switch self {
    case .page(let operand): operand.bits
    case .range(let operand): operand.bits
    }
  }

  /// The pages whose translations the CPU must remove, from the bits alone.
  ///
  /// - Parameters:
  ///   - lpa2: whether the operand of a range counts units of 64 KiB.
  ///   - stride: pages that the entry behind an unhinted single operation translates.
  @inlinable public func covered(lpa2: Bool, stride: UInt64 = 1) -> PageRange {
    switch self {
    case .page(let operand): operand.covered(lpa2: lpa2, stride: stride)
    case .range(let operand): operand.covered(lpa2: lpa2)
    }
  }

  /// The level hint as the CPU reads it.
  @inlinable public func hint(lpa2: Bool) -> LevelHint {
    switch self {
    case .page(let operand): operand.hint(lpa2: lpa2)
    case .range(let operand): operand.hint
    }
  }
}
