// What stands in a TLB where tables have levels, and how old it may be: each a packed word.

import Domain
import Machines

/// A translation where tables have levels, as a TLB remembers it, of stage 2 alone or of both:
/// owner << 40 | vCPU << 32 | valid << 31 | foreign << 30 | writable << 29 | level << 27 | version.
/// Owner and vCPU stand where those of a `TLBEntry` do.
struct Stage2TLBEntry: Equatable {
  let bits: UInt64

  @inline(__always) init(bits: UInt64) { self.bits = bits }

  /// What `leaf`, found at `level`, means for `context`, if the tables are those of `owner`.
  init(_ leaf: Stage2Entry, level: Int, _ context: Context, owner: VMIdentity) {
    let isForeign = leaf.slot?.index != context.slot
    bits =
      UInt64(owner) &<< 40 | (context.vcpu & 0xFF) &<< 32 | 1 &<< 31
      | (isForeign ? 1 &<< 30 : 0) | (leaf.isWritable ? 1 &<< 29 : 0)
      | UInt64(truncatingIfNeeded: level) &<< 27 | leaf.version
  }

  /// The same for a vCPU: which one ran does not count for stage 2, but for what is made with it.
  func made(for vcpu: UInt64) -> Stage2TLBEntry {
    Stage2TLBEntry(bits: bits & ~(0xFF &<< 32) | (vcpu & 0xFF) &<< 32)
  }

  var isEmpty: Bool { bits == 0 }
  var owner: VMIdentity { VMIdentity(truncatingIfNeeded: bits &>> 40) }
  var vcpu: UInt64 { bits &>> 32 & 0xFF }
  /// Whether it leads into memory that is not the VM's.
  var isForeign: Bool { bits &>> 30 & 1 != 0 }
  var isWritable: Bool { bits &>> 29 & 1 != 0 }
  /// The level of the leaf.
  var level: Int { Int(truncatingIfNeeded: bits &>> 27 & 3) }
  var version: UInt64 { bits & 0xFF_FFFF }
}

/// A table that a walk has come through: owner << 40 | valid << 36 | first word of the VM's tables << 16
/// | first word of the table. Hardware keeps an address and asks no more whose it is.
struct TablePointer: Equatable {
  let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  init(word: Int, tablePages: Int, owner: VMIdentity) {
    bits =
      UInt64(owner) &<< 40 | 1 &<< 36 | UInt64(truncatingIfNeeded: tablePages & 0xFFFF) &<< 16
      | UInt64(truncatingIfNeeded: word & 0xFFFF)
  }

  var isEmpty: Bool { bits == 0 }
  var owner: VMIdentity { VMIdentity(truncatingIfNeeded: bits &>> 40) }
  var tablePages: Int { Int(truncatingIfNeeded: bits &>> 16 & 0xFFFF) }
  var word: Int { Int(truncatingIfNeeded: bits & 0xFFFF) }
}

/// The change of a VM's tables from which on entries are good; none yet at first. Changes are counted
/// modulo 2^24: of two, the one that is less than half the way round behind the other is the older.
struct Stage2Promise: Equatable {
  private var bits: UInt32 = 0

  /// The oldest that is good.
  var oldest: UInt64 { UInt64(bits & 0xFF_FFFF) }

  /// Whether there is one.
  var isMade: Bool { bits != 0 }

  /// Whether an entry of change `version` came before it.
  func isBroken(by version: UInt64) -> Bool {
    bits != 0 && (version &- oldest) & 0x80_0000 != 0
  }

  mutating func raise(to version: UInt64) {
    if bits != 0, (version &- oldest) & 0x80_0000 != 0 { return }
    bits = 1 << 24 | UInt32(truncatingIfNeeded: version & 0xFF_FFFF)
  }
}
