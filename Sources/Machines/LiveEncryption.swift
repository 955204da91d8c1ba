// The caches and the firmware of a live machine whose guests' memory is encrypted: which tags have
// lines where, and what the firmware knows of it. Nothing of it exists for other systems.

import Domain
import Host
import Synchronization

/// One bit a tag, 64 a word.
struct LiveEncryption: Sendable {
  /// Words for one bit a tag.
  private let wordCount: Int
  /// Words from one pCPU's cache to the next one's: caches do not share lines.
  private let stride: Int
  private let pcpuCount: Int
  /// Per pCPU: the tags that have dirty lines in its cache. Its own thread alone writes them.
  private let caches: Bank<LiveWord>
  /// The tags that have lines on their way to memory.
  private let fabric: Bank<LiveWord>
  /// The tags that were deactivated since the fabric was flushed. `busy` guards it.
  private let deactivated: Bank<LiveWord>
  /// A bit for each pCPU that has written back since the last DEACTIVATE.
  private let writtenBack: LiveWord
  /// 1 while the firmware carries out a command.
  private let busy: LiveWord

  init(pcpuCount: Int, tagCount: Int, in memory: LiveMemory) {
    wordCount = (tagCount + 63) / 64
    stride = (wordCount + 15) / 16 * 16
    self.pcpuCount = pcpuCount
    caches = memory.words(pcpuCount * stride, initially: 0, .packed, named: "cache lines")
    fabric = memory.words(wordCount, initially: 0, .packed, named: "fabric")
    deactivated = memory.words(wordCount, initially: 0, .packed, named: "deactivated")
    writtenBack = memory.word(
      initially: PCPUSet(first: pcpuCount).rawValue, named: "written back")
    busy = memory.word(initially: 0, named: "firmware")
  }

  /// A guest on `pcpu` has touched memory under `tag`. A plain load, and a store the first time.
  func touch(_ tag: Tag, on pcpu: PCPU) {
    let (word, bit) = (place(tag), self.bit(tag))
    let cache = caches[pcpu.index * stride + word]
    let lines = cache.value
    if lines & bit == 0 { cache.address.pointee.store(lines | bit, ordering: .relaxed) }
  }

  /// WBINVD on `pcpu`, by its own thread. Release: whoever sees it written back sees its lines in the
  /// fabric.
  func writeBack(_ pcpu: PCPU) {
    for word in 0..<wordCount {
      let cache = caches[pcpu.index * stride + word]
      let lines = cache.value
      if lines == 0 { continue }
      _ = fabric[word].address.pointee.bitwiseOr(lines, ordering: .relaxed)
      cache.address.pointee.store(0, ordering: .relaxed)
    }
    _ = writtenBack.address.pointee.bitwiseOr(PCPUSet(pcpu).rawValue, ordering: .releasing)
  }

  /// Carries out one command; others wait for their turn.
  func carryOut(_ command: FirmwareCommand, _ tag: Tag) -> FirmwareAnswer {
    while busy.address.pointee.exchange(1, ordering: .acquiring) != 0 { yieldCore() }
    defer { busy.address.pointee.store(0, ordering: .releasing) }
    switch command {
    case .activate: return activate(tag)
    case .deactivate:
      let word = deactivated[place(tag)]
      word.address.pointee.store(word.value | bit(tag), ordering: .relaxed)
      writtenBack.address.pointee.store(0, ordering: .relaxed)
      return .success
    case .flushFabric:
      // Acquire: pairs with `writeBack`.
      guard writtenBack.acquiredValue == PCPUSet(first: pcpuCount).rawValue else {
        return .writeBackRequired
      }
      for word in 0..<wordCount {
        fabric[word].address.pointee.store(0, ordering: .relaxed)
        deactivated[word].address.pointee.store(0, ordering: .relaxed)
      }
      return .success
    }
  }

  private func activate(_ tag: Tag) -> FirmwareAnswer {
    guard tag.number > 0, tag.number < UInt64(wordCount * 64) else { return .invalidTag }
    return deactivated[place(tag)].value & bit(tag) == 0 ? .success : .fabricFlushRequired
  }

  /// Where lines under `tag` still are. Whoever ran under it has been handed over to the caller, and
  /// whoever wrote it back should have been, so what is seen is certain.
  func holder(of tag: Tag) -> LinesLeftEvidence.Holder? {
    let (word, bit) = (place(tag), self.bit(tag))
    for pcpu in 0..<pcpuCount where caches[pcpu * stride + word].value & bit != 0 {
      return .cache(PCPU(pcpu))
    }
    return fabric[word].value & bit != 0 ? .fabric : nil
  }

  private func place(_ tag: Tag) -> Int { Int(truncatingIfNeeded: tag.number / 64) }
  private func bit(_ tag: Tag) -> UInt64 { 1 << (tag.number % 64) }
}

/// A tag that was handed out while cache lines under its old key were left.
public struct LinesLeftEvidence: Sendable {
  /// Where lines can be.
  public enum Holder: Sendable {
    case cache(PCPU)
    /// Between a cache and memory.
    case fabric
  }

  /// Who handed it out.
  public let pcpu: PCPU
  /// The tag.
  public let tag: Tag
  /// Where the lines are.
  public let holder: Holder
}

/// An allocation that found no tag although one was nobody's.
public struct TagLeftEvidence: Sendable {
  /// Who looked for one.
  public let pcpu: PCPU
  /// The tag that was nobody's.
  public let tag: Tag
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension NativeMachine: SecureMachine {
  public func writeBackCache(at site: Site) {
    probe.before(.writeBackCache, at: site)
    own.pointee.writeBackCache()
  }

  public func firmware(
    _ command: FirmwareCommand, _ tag: Tag, at site: Site
  ) -> FirmwareAnswer {
    probe.before(.firmware, at: site)
    return own.pointee.hardware._withUnsafeGuaranteedRef {
      $0.encryption?.carryOut(command, tag) ?? .success
    }
  }

  public func touchMemory(under tag: Tag) {
    let tag = Tag(tag.number & own.pointee.tagMask)
    own.pointee.hardware._withUnsafeGuaranteedRef { $0.encryption?.touch(tag, on: pcpu) }
  }

  /// Nothing changes meanwhile: the caller holds the allocator's lock.
  public func noTagFound(from first: Tag, through last: Tag) {
    let hardware = own.pointee.hardware.takeUnretainedValue()
    guard first.number <= last.number else { return }
    for number in first.number...last.number
    where hardware.tagStates[Int(number)].value != TagState.held {
      return hardware.watcher.foundNoTag(TagLeftEvidence(pcpu: pcpu, tag: Tag(number)))
    }
  }
}

extension LivePCPU {
  func writeBackCache() {
    hardware._withUnsafeGuaranteedRef { $0.encryption?.writeBack(pcpu) }
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension NativeMachine: DecidingMachine {
  /// One in so many fails, as the run was set up; none by default.
  public func mayFail(at site: Site) -> Bool {
    let period = own.pointee.hardware._withUnsafeGuaranteedRef { $0.failEvery }
    return period > 0 && own.pointee.random.happensOnce(in: UInt64(period))
  }

  public func choose(_ count: Int, at site: Site) -> Int {
    Int(own.pointee.random.below(UInt64(count)))
  }
}
