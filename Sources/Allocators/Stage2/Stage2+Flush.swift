// How a change reaches the TLBs. Each flush is of both stages: what TLBs hold of stage 2 alone goes first,
// by address, and is waited for; then everything that they made of stage 1, or of both together, under
// the VM's number. Without the wait a walk could make a new combined entry out of an old stage-2 one when
// stage 1 has gone already.

import Domain
import Machines
import RangeInvalidation

extension Stage2 {
  /// What goes into VTTBR_EL2 while the flush is made. Read after the caller's barrier (5e10f9887ed8), and
  /// for each part of a flush anew: a rollover may come in between.
  func currentTag(of vm: VM, on m: M) -> Tag {
    ids.number(of: m.load(vm.id, .relaxed, at: Stage2Sites.flushID))
  }

  /// kvm_tlb_flush_vmid_range: `span` of the VM, or all of it where ranges are unknown; in parts of at most
  /// `RangeOperand.maxPages`. What must be gone afterwards is `wanted`.
  func flushRange(
    _ span: Stage2Span, wanted: Stage2Span, _ vm: VM, _ tag: Tag? = nil, on m: M
  ) {
    m.rangeFlushBegins(wanted)
    if features.contains(.tlbiRange) {
      for chunk in RangeChunks(of: PageRange(start: span.first, count: span.pages)) {
        flushChunk(chunk, vm, tag, on: m)
      }
    } else {
      Rules.flushWithoutRanges(vm, self, on: m)
    }
    m.rangeFlushEnds()
  }

  /// __kvm_tlb_flush_vmid_range. The level is unknown, and so is the stride: a page.
  private func flushChunk(_ chunk: PageRange, _ vm: VM, _ given: Tag?, on m: M) {
    let planner = RangePlanner<Rules.Planner>(features: features, hint: Rules.rangeHint)
    m.fence(.full, at: Stage2Sites.flushBarrier)
    let tag = given ?? currentTag(of: vm, on: m)
    planner.forEachOperation(flushing: chunk) { operation, _ in
      issue(operation, tag, on: .everyPCPU, on: m)
    }
    finish(tag, on: .everyPCPU, on: m)
  }

  /// __kvm_tlb_flush_vmid_ipa, for the leaf of `level` around `page`.
  func flushLeaf(_ page: UInt64, level: Int, _ vm: VM, _ tag: Tag? = nil, on m: M) {
    flushPage(
      page, Rules.leafHint(level), wanted: Stage2Span(first: page, pages: 1, level: level), vm, tag,
      on: m)
  }

  /// The same, for the table that an entry of `level` named. Hints are for leaves: there is none.
  func flushTable(_ page: UInt64, level: Int, _ vm: VM, _ tag: Tag? = nil, on m: M) {
    flushPage(
      page, Rules.tableHint(level), wanted: Stage2Span(first: page, pages: 1), vm, tag, on: m)
  }

  private func flushPage(
    _ page: UInt64, _ hint: LevelHint, wanted: Stage2Span, _ vm: VM, _ given: Tag?, on m: M
  ) {
    m.rangeFlushBegins(wanted)
    m.fence(.full, at: Stage2Sites.flushBarrier)
    let tag = given ?? currentTag(of: vm, on: m)
    issue(.page(PageOperand(page: page, hint: hint)), tag, on: .everyPCPU, on: m)
    finish(tag, on: .everyPCPU, on: m)
    m.rangeFlushEnds()
  }

  /// __kvm_tlb_flush_vmid_ipa_nsh: from this pCPU's own TLB.
  func flushHere(_ page: UInt64, level: Int, _ vm: VM, on m: M) {
    m.fence(.full, at: Stage2Sites.flushBarrier)
    let tag = currentTag(of: vm, on: m)
    issue(.page(PageOperand(page: page, hint: LevelHint(leafOf: level))), tag, on: .thisPCPU, on: m)
    finish(tag, on: .thisPCPU, on: m)
  }

  /// One instruction: what the hardware reads out of its operand goes. A single one names an address, and
  /// removes the entry that translates it, however much that maps.
  private func issue(
    _ operation: RangeOperation, _ tag: Tag, on scope: InvalidationScope, on m: M
  ) {
    let hasLPA2 = features.contains(.lpa2)
    let pages =
      switch operation {
      case .page(let operand): PageRange(start: operand.page, count: 1)
      case .range(let operand): operand.covered(lpa2: hasLPA2)
      }
    let span = Stage2Span(
      first: pages.start, pages: pages.count, level: operation.hint(lpa2: hasLPA2).spanLevel)
    m.invalidate(.stage2(tag, span), on: scope, at: Stage2Sites.flushStage2)
  }

  /// The second half: wait, stage 1, wait.
  private func finish(_ tag: Tag, on scope: InvalidationScope, on m: M) {
    Rules.waitBetweenStages(on: m)
    m.invalidate(.stage1(tag), on: scope, at: Stage2Sites.flushStage1)
    m.waitForInvalidations(at: Stage2Sites.flushStage1Wait)
  }

  /// __kvm_tlb_flush_vmid: both stages of the whole VM in one operation.
  func flushAll(_ vm: VM, on m: M) {
    m.fence(.full, at: Stage2Sites.flushBarrier)
    m.invalidate(.tag(currentTag(of: vm, on: m)), on: .everyPCPU, at: Stage2Sites.flushAll)
    m.waitForInvalidations(at: Stage2Sites.flushAllWait)
  }
}

extension LevelHint {
  /// The hint for a leaf of `level`, 1 to 3.
  init(leafOf level: Int) {
    switch level {
    case 1: self = .level1
    case 2: self = .level2
    default: self = .level3
    }
  }

  /// As `Stage2Span` has it.
  var spanLevel: Int {
    switch self {
    case .unknown: 0
    case .level1: 1
    case .level2: 2
    case .level3: 3
    case .level0: Stage2Span.levelZero
    }
  }
}
