// The exact ledger for O1 and O2: who is in the guest, counted by read-modify-writes on two words.

import Domain
import Synchronization

/// One residency word per VM slot or per tag: how many pCPUs are in the guest for it, and the sum
/// of their partners (the tags for a VM, the VMs for a tag).
///
/// Entering adds (partner << 16 | 1) and gets what was there before: `count` residents whose
/// partners sum to `sum`. If all of them have the partner of whoever enters, `sum` is
/// `count * partner`; if not equal, somebody certainly has another partner. The first entry that
/// mixes two partners is always seen, since before it all residents agreed.
@usableFromInline
struct ResidencyWords: @unchecked Sendable {
  /// 128 bytes: residents of one VM must not slow down those of its neighbour.
  @usableFromInline static let stride = 16
  @usableFromInline let first: UnsafeMutablePointer<Atomic<UInt64>>
  let count: Int

  init(count: Int) {
    self.count = count
    let places = count * ResidencyWords.stride
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: places * 8, alignment: 128)
    first = bytes.bindMemory(to: Atomic<UInt64>.self, capacity: places)
    for place in 0..<places { (first + place).initialize(to: Atomic(0)) }
  }

  func deallocate() { UnsafeMutableRawPointer(first).deallocate() }

  /// Notes one more resident with `partner` and returns what the word was before.
  /// Acquire: pairs with the release of `leave`.
  @inlinable @inline(__always)
  func enter(_ index: Int, partner: UInt64) -> UInt64 {
    (first + index &* ResidencyWords.stride).pointee
      .wrappingAdd(partner &<< 16 | 1, ordering: .acquiring).oldValue
  }

  /// Notes one resident fewer. Release: the residency ends before the ACTIVE_INVALID that follows.
  @inlinable @inline(__always)
  func leave(_ index: Int, partner: UInt64) {
    (first + index &* ResidencyWords.stride).pointee
      .wrappingSubtract(partner &<< 16 | 1, ordering: .releasing)
  }
}

/// The ledger of a run: O1 and O2, exactly, at every entry.
///
/// Sees: every overlap of two guests, however short, on any host. Cannot see: a wrong tag that
/// nobody else uses at the same time.
public struct Ledger: Sendable {
  @usableFromInline let ofVM: ResidencyWords
  @usableFromInline let ofTag: ResidencyWords

  /// A ledger for tags below 2^`tagBits` and `vmSlots` VMs.
  public init(tagBits: Int, vmSlots: Int) {
    ofTag = ResidencyWords(count: 1 << tagBits)
    ofVM = ResidencyWords(count: vmSlots)
  }

  /// Gives the memory back, after the run.
  public func deallocate() {
    ofTag.deallocate()
    ofVM.deallocate()
  }

  /// What an entry found.
  public struct Verdict: Sendable, Equatable {
    /// The VM's word and the tag's, before the entry.
    @usableFromInline let ofVM: UInt64
    @usableFromInline let ofTag: UInt64
    /// What the entry adds as partners.
    @usableFromInline let tag: UInt64
    @usableFromInline let owner: UInt64

    @inlinable @inline(__always)
    init(ofVM: UInt64, ofTag: UInt64, tag: UInt64, owner: UInt64) {
      self.ofVM = ofVM
      self.ofTag = ofTag
      self.tag = tag
      self.owner = owner
    }

    /// O1: all residents of the VM have this tag.
    @inlinable @inline(__always)
    public var sameTag: Bool { ofVM &>> 16 == (ofVM & 0xFFFF) &* tag }

    /// O2: all residents of the tag are of this VM.
    @inlinable @inline(__always)
    public var uniqueTag: Bool { ofTag &>> 16 == (ofTag & 0xFFFF) &* owner }

    /// The tag of the only other resident of the VM; nil if there are several.
    public var otherTag: Tag? { ofVM & 0xFFFF == 1 ? Tag(ofVM >> 16) : nil }

    /// The VM of the only other resident of the tag; nil if there are several.
    public var otherVM: VMSlot? { ofTag & 0xFFFF == 1 ? VMSlot(Int(ofTag >> 16) - 1) : nil }
  }

  /// A pCPU enters the guest of `slot` with `tag`.
  @inlinable @inline(__always)
  public func enter(_ slot: VMSlot, _ tag: Tag) -> Verdict {
    let owner = UInt64(truncatingIfNeeded: slot.index &+ 1)
    return Verdict(
      ofVM: ofVM.enter(slot.index, partner: tag.number),
      ofTag: ofTag.enter(Int(truncatingIfNeeded: tag.number), partner: owner),
      tag: tag.number, owner: owner)
  }

  /// It has left; comes before the allocator is told.
  @inlinable @inline(__always)
  public func leave(_ slot: VMSlot, _ tag: Tag) {
    let owner = UInt64(truncatingIfNeeded: slot.index &+ 1)
    ofTag.leave(Int(truncatingIfNeeded: tag.number), partner: owner)
    ofVM.leave(slot.index, partner: tag.number)
  }
}
