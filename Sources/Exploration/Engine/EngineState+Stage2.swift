// Translation where tables have levels: what a TLB has, what it makes of that, and walks.
//
// A TLB that has no combined translation makes one of the stage-2 leaf that it remembers, and walks only
// if it remembers none. A walk begins at the lowest table that the TLB remembers. What stands there now
// is what counts, whoever's memory it has become.

import Domain
import Machines

extension EngineState {
  /// As `translate` where tables are flat. A write through an entry that forbids it is a fault, and the
  /// entry stays.
  @inline(never)
  mutating func translateByLevels(
    _ pcpu: Int, page: Int, writes: Bool, asked: Bool
  ) -> UInt64 {
    let context = contexts[pcpu]
    let present = Stage2TLBEntry(bits: tlbs[place(pcpu, context.tag, page)])
    touch(objects.tlb(pcpu), writes: present.isEmpty, by: pcpu)
    port.translation = (0, 0, 0)
    let found =
      present.isEmpty
      ? fillByLevels(pcpu, page, by: pcpu) : (entry: present, origin: .combinedEntry)
    if found.entry.isEmpty { return 0 }
    let isAllowed = !writes || found.entry.isWritable
    if asked && isAllowed { judgeUse(pcpu, page, found.entry, writes: writes) }
    return TranslationStep(
      outcome: !isAllowed ? 0 : present.isEmpty ? 1 : 2, level: found.entry.level, found.origin
    ).bits
  }

  /// The unasked fill of `page`. Returns false if it does not translate.
  @inline(never)
  mutating func fillUnaskedByLevels(_ pcpu: Int, page: Int, by agent: Int) -> Bool {
    let found = fillByLevels(pcpu, page, by: agent)
    if found.entry.isEmpty { return false }
    if isRecording {
      trace[steps].result |=
        TranslationStep(outcome: 1, level: found.entry.level, found.origin).bits &<< 32
    }
    return true
  }

  /// Makes a combined entry for `page`, which has none; an empty one, which is not kept, if there is no
  /// translation.
  private mutating func fillByLevels(
    _ pcpu: Int, _ page: Int, by agent: Int
  ) -> (entry: Stage2TLBEntry, origin: TranslationStep.Origin) {
    let context = contexts[pcpu]
    let core = objects.core(pcpu)
    var leaf = stage2.leaf(core, context.tag, page)
    var origin = TranslationStep.Origin.stage2Entry
    if leaf.isEmpty {
      (leaf, origin) = walkByLevels(context, core, page, by: agent)
      if leaf.isEmpty { return (leaf, origin) }
      stage2.keep(leaf, core, context.tag, page)
    }
    let entry = leaf.made(for: context.vcpu)
    tlbs[place(pcpu, context.tag, page)] = entry.bits
    if !context.isStale { judgeOwnersByLevels(pcpu, context) }
    port.translation = (entry.owner, entry.version, 0)
    refreshFills(beside: pcpu)
    return (entry, origin)
  }

  /// Walks to the leaf of `page`, one word a level, and remembers the tables on the way; an empty one if
  /// something on the way is not valid.
  private mutating func walkByLevels(
    _ context: Context, _ core: Int, _ page: Int, by agent: Int
  ) -> (leaf: Stage2TLBEntry, origin: TranslationStep.Origin) {
    let shape = stage2.shape
    let address = stage2.address(page)
    var level = shape.firstLevel
    var table = TablePointer(
      word: context.table, tablePages: context.tablePages, owner: context.owner)
    for below in shape.firstLevel..<3 {
      let remembered = stage2.table(core, context.tag, page, below)
      if !remembered.isEmpty { (table, level) = (remembered, below &+ 1) }
    }
    let origin =
      level == shape.firstLevel ? TranslationStep.Origin.root : .rememberedTable
    while true {
      let word = table.word &+ shape.index(of: address, level)
      touch(word, writes: false, by: agent)
      let entry = Stage2Entry(bits: words[word])
      if entry.isTable && level < 3 {
        let count = shape.entryCount(level &+ 1)
        let below = table.tablePages &+ Int(truncatingIfNeeded: entry.number) &* count
        // Beyond all memory: a bus error, and no translation.
        guard below &+ count <= wordCount else { return (Stage2TLBEntry(bits: 0), origin) }
        table = TablePointer(word: below, tablePages: table.tablePages, owner: table.owner)
        stage2.keep(table, core, context.tag, page, level)
        level &+= 1
        continue
      }
      let isLeaf = entry.isLeaf && (level == 3 || shape.allowsBlocks(level))
      return (
        isLeaf
          ? Stage2TLBEntry(entry, level: level, context, owner: table.owner)
          : Stage2TLBEntry(bits: 0),
        origin
      )
    }
  }

  /// Removes what an invalidation names from one TLB. Pages are named by `.stage2` here.
  mutating func dropByLevels(_ pcpu: Int, _ what: UInt64, _ operand: UInt64) {
    let core = objects.core(pcpu)
    let tag = operand & 0xFFFF
    if InvalidationCode.isStage2(what) {
      stage2.drop(core, tag, InvalidationCode.span(what, operand))
    } else {
      (tlbs + place(pcpu, tag, 0)).update(repeating: 0, count: pages)
      if !InvalidationCode.isStage1(what) { stage2.drop(core, tag) }
    }
  }
}
