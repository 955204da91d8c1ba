// Threads that translate while others change the tables below them. Where it flushes as it must, no
// translation is ever wrong; where it leaves something out, one is before long.

import Domain
import Host
import Machines
import Testing

@Suite("Tables that change under live pCPUs", .serialized) struct Stage2RaceTests {
  @Test(arguments: [RightFlush.hinted, .unhinted, .local, .tag, .everything, .mixed])
  func `a right flush leaves no flaw`(_ flush: RightFlush) {
    var race = Stage2Race()
    race.flush = flush
    let outcome = race.run(for: .milliseconds(300))
    #expect(outcome.flaws == [:])
    #expect(outcome.rounds > 100 && outcome.translations > 1000)
    #expect(outcome.writes > 0 && outcome.underCovers == 0)
  }

  @Test(arguments: WrongFlush.allCases)
  func `a flush that leaves something out is seen`(_ fault: WrongFlush) {
    var race = Stage2Race()
    race.fault = fault
    let outcome = race.run(for: .seconds(20))
    let seen = Set(outcome.flaws.keys)
    #expect(!seen.isDisjoint(with: fault.flaws), "\(outcome)")
    #expect(seen.isSubset(of: fault.flaws), "\(outcome)")
  }
}

/// Ways to be right.
enum RightFlush: CaseIterable {
  case hinted, unhinted, tag, everything, mixed
  /// As `hinted`, and readers drop what they have themselves every so often.
  case local
}

/// Ways to be wrong.
enum WrongFlush: CaseIterable {
  case noStage2, noStage1, stage1First, noWaitBetween, noWaitAtEnd
  /// Of a leaf, when a table goes.
  case hintForTable
  /// Level 0 was the number of a level, once: here as level 1, at which nothing was mapped.
  case otherLevel
  /// A part of what a table spanned.
  case notAligned
  case poisonFirst
  /// Writes are forbidden and nothing is flushed.
  case noFlushOfRight

  /// What readers can see of it.
  var flaws: Set<String> {
    switch self {
    case .poisonFirst: ["foreign"]
    case .noFlushOfRight: ["revoked"]
    default: ["stale", "foreign", "revoked"]
    }
  }
}

/// Two threads that change 16 pages each of VM 0, others that use them.
struct Stage2Race {
  var flush = RightFlush.hinted
  var fault: WrongFlush?

  struct Outcome {
    var flaws: [String: UInt64]
    var rounds: UInt64
    var translations: UInt64
    var writes: UInt64
    var underCovers: Int
  }

  /// Until `limit`, or until a flaw was seen.
  func run(for limit: Duration) -> Outcome {
    let world = Stage2World(pcpus: 5, pagesPerVM: 32)
    world.mapAll()
    for index in 0..<8 { world.write(.leaf(1), to: world.entry(3, index)) }
    world.write(Stage2Entry(table: 3), to: world.entry(0, 2))
    world.write(.leaf(1), to: world.entry(0, 3))
    let kinds = ["stale", "foreign", "revoked"]
    let counts = world.hardware.memory.words(8, initially: 0, .ownLine, named: "flaws")
    let changes = world.hardware.memory.word(initially: 1, named: "changes of VM 0")
    let isOver = world.hardware.memory.word(initially: 0, named: "over")
    let end = ContinuousClock.now + limit
    var threads = (0..<2).map { group in
      PinnedThread(name: "changer \(group)", cpu: nil) {
        var changer = TableChanger(world, flush, fault, changes, group)
        while ContinuousClock.now < end, (0..<3).allSatisfy({ counts[$0].value == 0 }) {
          changer.makeRound()
          if group == 0 { counts[3].addAlone(1) }
        }
        isOver.raise(to: 1)
      }
    }
    for pcpu in 1...3 {
      threads.append(
        PinnedThread(name: "reader \(pcpu)", cpu: nil) {
          use(world, pcpu, isOver, counts)
        })
    }
    threads.forEach { $0.join() }
    let flaws = kinds.enumerated().map { ($1, counts[$0].value) }.filter { $0.1 > 0 }
    return Outcome(
      flaws: Dictionary(uniqueKeysWithValues: flaws), rounds: counts[3].value,
      translations: counts[4].value, writes: counts[5].value,
      underCovers: world.watcher.underCovers.count)
  }

  private func use(_ world: Stage2World, _ pcpu: Int, _ isOver: LiveWord, _ counts: Bank<LiveWord>)
  {
    let m = world[pcpu]
    var random = RandomStream(Seed(UInt64(pcpu)))
    var translations: UInt64 = 0
    var writes: UInt64 = 0
    m.install(world.context(), at: here)
    while isOver.value == 0 {
      let bits = random.next()
      if flush == .local, bits >> 32 & 63 == 0 {
        m.invalidate(
          .stage2(Tag(3), Stage2Span(first: bits & 31, pages: 1)), on: .thisPCPU, at: here)
        m.invalidate(.stage1(Tag(3)), on: .thisPCPU, at: here)
      }
      if bits >> 40 & 15 == 0 { m.speculate(bits >> 8 & 31, at: here) }
      let translation = m.translate(bits & 31, writes: bits >> 5 & 1 == 0, at: here)
      if translation.outcome != .fault {
        translations += 1
        writes += bits >> 5 & 1 ^ 1
      }
      let kind: Int? =
        switch translation.flaw {
        case .none: nil
        case .stale: 0
        case .foreign: 1
        case .revoked: 2
        }
      if let kind { counts[kind].raise(to: 1) }
    }
    counts[4].raise(to: translations)
    counts[5].raise(to: writes)
  }
}

/// What changes the tables: pages one by one, their right to be written through, and tables into blocks
/// and back.
struct TableChanger {
  let world: Stage2World
  let flush: RightFlush
  let fault: WrongFlush?
  /// 0: pages 0 to 15 and tables 1 and 2; 1: pages 16 to 31 and tables 3 and 4.
  let group: Int
  /// Counts the VM's changes.
  private let changes: LiveWord
  private var version: UInt64 = 1
  private var random: RandomStream
  /// The table that the first 8 pages go through; nil while they are a block.
  private var table: Int?

  init(
    _ world: Stage2World, _ flush: RightFlush, _ fault: WrongFlush?, _ changes: LiveWord,
    _ group: Int
  ) {
    self.world = world
    self.flush = flush
    self.fault = fault
    self.changes = changes
    self.group = group
    random = RandomStream(Seed(UInt64(99 + group)))
    table = 2 * group + 1
  }

  private var m: LiveMachine { world[4 * group] }
  private var firstPage: UInt64 { UInt64(16 * group) }
  /// What the first 8 pages go through, and the block of the others.
  private var tableWord: LiveWord { world.entry(0, 2 * group) }
  private var blockWord: LiveWord { world.entry(0, 2 * group + 1) }

  mutating func makeRound() {
    version = m.add(changes, 1, .relaxed, at: here)
    switch random.below(4) {
    case 0: collapseOrSplit()
    case 1: protect()
    default: remap()
    }
  }

  /// Break before make, of one page or of the block behind them.
  private mutating func remap() {
    guard let table, fault != .hintForTable, fault != .notAligned, fault != .poisonFirst else {
      return collapseOrSplit()
    }
    let page = random.below(9)
    let word = page == 8 ? blockWord : world.entry(table, Int(page))
    replace(
      word, firstPage + page, page == 8 ? 8 : 1, level: page == 8 ? 2 : 3, with: .leaf(version))
  }

  private mutating func collapseOrSplit() {
    if let old = table {
      // All that a table spans, and what is remembered of the table itself.
      replace(tableWord, firstPage, 8, level: 0, with: .leaf(version), freed: old)
      table = nil
    } else {
      let new = 2 * group + 1 + Int(random.below(2))
      for index in 0..<8 { world.write(.leaf(version), to: world.entry(new, index)) }
      replace(tableWord, firstPage, 8, level: 2, with: Stage2Entry(table: new))
      table = new
    }
  }

  /// Takes the right to write from one page, or from the block behind them.
  private mutating func protect() {
    m.store(blockWord, Stage2Entry.leaf(version, writable: false).bits, .release, at: here)
    m.fence(.full, at: here)
    let span = Stage2Span(first: firstPage + 8, pages: 8, level: 2)
    if fault != .noFlushOfRight { carryOut(span) }
    m.stage2Flushed(VMSlot(0), span, olderThan: version, .write)
  }

  private mutating func replace(
    _ word: LiveWord, _ first: UInt64, _ pages: UInt64, level: Int,
    with new: Stage2Entry, freed: Int? = nil
  ) {
    m.store(word, Stage2Entry.locked.bits, .relaxed, at: here)
    m.fence(.full, at: here)
    let span = Stage2Span(first: first, pages: pages, level: level)
    if fault == .poisonFirst { poison(freed) }
    carryOut(span)
    if fault != .poisonFirst { poison(freed) }
    m.store(word, new.bits, .release, at: here)
    m.stage2Flushed(VMSlot(0), span, olderThan: version, .use)
  }

  private func poison(_ table: Int?) {
    guard let table else { return }
    for index in 0..<8 {
      m.store(world.entry(table, index), Stage2Entry.poison.bits, .relaxed, at: here)
    }
  }

  /// The flush itself, right or wrong.
  private mutating func carryOut(_ right: Stage2Span) {
    var span = right
    switch fault {
    case .hintForTable where span.level == 0: span.level = 3
    case .otherLevel: span.level = 1
    case .notAligned where span.level == 0:
      span.first += 5
      span.pages -= 5
    default: break
    }
    let stage1 = Invalidation.stage1(Tag(3))
    let stage2 = Invalidation.stage2(Tag(3), span)
    switch fault {
    case .noStage2: issue([stage1])
    case .noStage1: issue([stage2])
    case .stage1First:
      issue([stage1])
      for _ in 0..<random.below(200) { spinHint() }
      issue([stage2])
    case .noWaitBetween: issue([stage2, stage1])
    case .noWaitAtEnd:
      issue([stage2])
      m.invalidate(stage1, on: .everyPCPU, at: here)
    case .hintForTable, .otherLevel, .notAligned, .poisonFirst, .noFlushOfRight:
      issue([stage2])
      issue([stage1])
    case nil: carryOutRightly(span)
    }
  }

  private mutating func carryOutRightly(_ span: Stage2Span) {
    var span = span
    m.rangeFlushBegins(span)
    let way =
      flush == .mixed
      ? [RightFlush.hinted, .unhinted, .tag, .everything][Int(random.below(4))] : flush
    switch way {
    case .tag: issue([.tag(Tag(3))])
    case .everything: issue([.everything])
    case .hinted, .unhinted, .local, .mixed:
      if way == .unhinted { span.level = 0 }
      let half = Stage2Span(first: span.first, pages: span.pages / 2, level: span.level)
      let rest = Stage2Span(
        first: half.first + half.pages, pages: span.pages - half.pages, level: span.level)
      issue([half, rest].filter { $0.pages > 0 }.map { .stage2(Tag(3), $0) })
      issue([.stage1(Tag(3))])
    }
    m.rangeFlushEnds()
  }

  /// Issues all of these, then waits.
  private func issue(_ all: [Invalidation]) {
    for one in all { m.invalidate(one, on: .everyPCPU, at: here) }
    m.waitForInvalidations(at: here)
  }
}
