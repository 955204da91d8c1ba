// O1 and O2 from published context words: two guests that are certainly in at once.

import Domain

/// The verdict on two contexts that were live at one moment.
///
/// At an entry: the entering pCPU has published its own word and loads another's. If that one is
/// still to be seen, its pCPU has not made its leaving visible, hence not what follows either
/// (ACTIVE_INVALID), so no correct allocator can have given the tag away meanwhile. That argument
/// needs stores to become visible in order: certain on total-store-order hosts only.
///
/// Between two collects: a word that is the same in both was live all the time in between. Two
/// such words were live together, on any host.
public enum ContextSampling {
  /// What two live contexts break together.
  public enum Conflict: Sendable, Equatable {
    /// O2: one tag, two VMs.
    case oneTagTwoVMs
    /// O1: one VM, two tags.
    case oneVMTwoTags
  }

  /// Judges the word of whoever enters against another pCPU's; nil if they get along.
  @inlinable @inline(__always)
  public static func judge(entering own: ContextWord, other: ContextWord) -> Conflict? {
    if !other.isLive { return nil }
    let sameTag = own.tag == other.tag
    let sameVM = own.slotBits == other.slotBits
    if sameTag == sameVM { return nil }
    return sameTag ? .oneTagTwoVMs : .oneVMTwoTags
  }

  /// One conflict found by a double collect.
  public struct Overlap: Sendable, Equatable {
    /// What is broken.
    public let conflict: Conflict
    /// One pCPU and what it had installed ...
    public let first: (pcpu: PCPU, context: ContextWord)
    /// ... and the other.
    public let second: (pcpu: PCPU, context: ContextWord)

    /// Same conflict, same contexts.
    public static func == (a: Overlap, b: Overlap) -> Bool {
      a.conflict == b.conflict && a.first == b.first && a.second == b.second
    }
  }

  /// Judges two collects of all pCPUs' words, made one after the other; the first overlap found.
  public static func overlap(first: [ContextWord], second: [ContextWord]) -> Overlap? {
    let steady = first.indices.filter { first[$0] == second[$0] && first[$0].isLive }
    for (position, a) in steady.enumerated() {
      for b in steady[(position + 1)...] {
        if let conflict = judge(entering: first[a], other: first[b]) {
          return Overlap(
            conflict: conflict, first: (PCPU(a), first[a]), second: (PCPU(b), first[b]))
        }
      }
    }
    return nil
  }
}
