// Context register, table walks and invalidations. There is no TLB: every translation is a walk.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine: GuestMachine {
  public func install(_ context: GuestContext<RecordedWord>, at site: Site) {
    hardware.arrive(at: site)
    hardware.contexts[pcpu.index] = context
    hardware.contextSequences[pcpu.index] += 1
    record(
      .install, [UInt64(context.slot.index), context.tag.number, UInt64(context.owner)], at: site)
  }

  public func leaveGuest(at site: Site) {
    hardware.arrive(at: site)
    record(.leaveGuest, at: site)
  }

  public func onlinePCPUs(at site: Site) -> PCPUSet { hardware.onlinePCPUs }

  public func setOnline(_ isOnline: Bool, at site: Site) {
    let me = PCPUSet(pcpu)
    if isOnline { hardware.onlinePCPUs.insert(me) } else { hardware.onlinePCPUs.remove(me) }
  }

  public var isCalled: Bool { false }
  public func answerCalls() {}
  public func answerUntilAllEnd() {}

  public func clearContext(at site: Site) {
    hardware.arrive(at: site)
    hardware.contexts[pcpu.index] = nil
    hardware.contextSequences[pcpu.index] += 1
    record(.clearContext, at: site)
  }

  public func translate(_ page: UInt64, at site: Site) -> Translation {
    hardware.arrive(at: site)
    let translation = walk(page)
    record(.translate, [page], output: translation.version, at: site)
    return translation
  }

  public func speculate(_ page: UInt64, at site: Site) {
    hardware.arrive(at: site)
    record(.speculate, [page], at: site)
  }

  public func observeContext(of other: PCPU) -> ContextWord {
    let sequence = hardware.contextSequences[other.index]
    let word =
      hardware.contexts[other.index].map {
        ContextWord(sequence: sequence, slot: $0.slot, tag: $0.tag)
      } ?? ContextWord(emptyAt: sequence)
    record(.observeContext, [UInt64(other.index)], output: word.bits)
    return word
  }

  public func observeFlushes() -> UInt64 {
    record(.observeFlushes, output: hardware.completedFlushes)
    return hardware.completedFlushes
  }

  /// Without a context there is no entry, hence a fault.
  private func walk(_ page: UInt64) -> Translation {
    let context = hardware.contexts[pcpu.index]
    let bits = context.map { self[$0.table[Int(page)].place] } ?? 0
    return hardware.translations.translation(
      from: TableEntry(bits: bits), of: context?.owner ?? 0)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine {
  public func invalidate(_ what: Invalidation, on scope: InvalidationScope, at site: Site) {
    hardware.arrive(at: site)
    record(.invalidate, detail: "\(text(of: what)) on \(scope)", at: site)
    if scope == .everyPCPU { hardware.pendingInvalidations[pcpu.index].append(what) }
  }

  public func waitForInvalidations(at site: Site) {
    hardware.arrive(at: site)
    record(.waitForInvalidations, at: site)
    let completed = hardware.pendingInvalidations[pcpu.index]
    hardware.completedFlushes += UInt64(completed.count { $0 == .everything })
    hardware.pendingInvalidations[pcpu.index] = []
  }

  private func text(of what: Invalidation) -> String {
    switch what {
    case .everything: "everything"
    case .tag(let tag): "tag \(tag)"
    case .page(let tag, let page): "page \(page) of tag \(tag)"
    case .stage1(let tag): "stage 1 of tag \(tag)"
    case .stage2(let tag, let span):
      "stage 2 of tag \(tag), pages \(span.first)+\(span.pages)"
        + (span.level == 0 ? "" : " at level \(span.level)")
    }
  }
}
