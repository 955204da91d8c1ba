// What the workers of an exploration share: who runs which block, and the sum of all blocks.

import Domain
import Exploration
import Host
import Synchronization

/// The sum of the blocks so far, in the order of their indices.
struct ExploreSum: ~Copyable {
  var schedules = 0
  var events = 0
  var stepLimits = 0
  /// The most steps of a schedule.
  var longest = 0
  var traceHashes = TraceHashes()
  var nondeterministic: Int?
  var tallies: [StrategyTally]
  var findings: [FoundSchedule] = []
  var traces = FingerprintTable()
  /// Nothing behind the first finding, or behind nondeterminism, counts.
  var isEnded = false

  init(labels: [String]) {
    tallies = labels.map { StrategyTally(name: $0) }
    findings.reserveCapacity(ScheduleBlock.mostFindings)
  }

  mutating func add(_ block: borrowing ScheduleBlock, stopsAtFirst: Bool) {
    schedules += block.schedules
    stepLimits += block.stepLimits
    longest = max(longest, block.longest)
    traceHashes.add(block.traceHashes.value)
    for slot in tallies.indices {
      tallies[slot].schedules += block.tallies[slot].schedules
      tallies[slot].events += block.tallies[slot].events
      tallies[slot].findings += block.tallies[slot].findings
      events += block.tallies[slot].events
    }
    for place in 0..<block.schedules { traces.insert(block.fingerprints[place]) }
    for place in 0..<block.findingCount {
      let found = block.findings[place]
      if findings.count < ScheduleBlock.mostFindings,
        !findings.contains(where: { $0.violation.hasShape(of: found.violation) })
      {
        findings.append(found)
      }
    }
    if block.nondeterministic >= 0 { nondeterministic = block.nondeterministic }
    isEnded = nondeterministic != nil || (stopsAtFirst && !findings.isEmpty)
  }
}

/// Hands out blocks and takes them back.
///
/// Sendable because a block between `take` and `giveBack` belongs to one worker, and everything
/// else is behind the lock.
final class ExploreShare: @unchecked Sendable {
  /// Blocks that may be under way at a time. Who is this far ahead of the slowest waits for it.
  private static let window = 64

  private struct Books: ~Copyable {
    var next = 0
    var added = 0
    var sum: ExploreSum
  }

  private let books: HostLock<Books>
  private let blocks: UnsafeMutablePointer<ScheduleBlock>
  private let first: Int
  private let end: Int
  private let stopsAtFirst: Bool
  private let stop = Atomic<Bool>(false)
  private let lowestFinding = Atomic<Int>(Int.max)
  private let done = Atomic<Int>(0)
  private let endedWorkers = Atomic<Int>(0)

  /// Schedules so far, for the progress line.
  var schedulesDone: Int { done.load(ordering: .relaxed) }
  /// Workers that have run out of blocks.
  var ended: Int { endedWorkers.load(ordering: .acquiring) }

  /// A worker has run so many schedules more.
  func note(schedules: Int) { done.add(schedules, ordering: .relaxed) }
  /// A worker has run out of blocks.
  func workerEnds() { endedWorkers.add(1, ordering: .releasing) }

  /// For the indices `first` ..< `end`.
  init(_ order: ExploreOrder, labels: [String], first: Int, end: Int) {
    self.first = first
    self.end = end
    stopsAtFirst = order.stopsAtFirst
    books = HostLock(Books(sum: ExploreSum(labels: labels)))
    blocks = .allocate(capacity: Self.window)
    for place in 0..<Self.window {
      (blocks + place).initialize(to: ScheduleBlock(slots: labels.count))
    }
  }

  deinit {
    for place in 0..<Self.window { blocks[place].deallocate() }
    blocks.deallocate()
  }

  /// Whether the user, or the clock, has ended it.
  @inline(__always) var isStopped: Bool { stop.load(ordering: .relaxed) }

  /// Ends it: schedules that run are finished, none begins.
  func finish() { stop.store(true, ordering: .relaxed) }

  /// Whether schedule `index` still counts.
  @inline(__always)
  func counts(_ index: Int) -> Bool { index <= lowestFinding.load(ordering: .relaxed) }

  /// Nothing behind `index` counts any more.
  func found(at index: Int) {
    var lowest = lowestFinding.load(ordering: .relaxed)
    while index < lowest {
      let result = lowestFinding.compareExchange(
        expected: lowest, desired: index, ordering: .relaxed)
      if result.exchanged { return }
      lowest = result.original
    }
  }

  /// The next block: its memory and its indices. Nil when there is none any more.
  func take() -> (number: Int, block: UnsafeMutablePointer<ScheduleBlock>, indices: Range<Int>)? {
    while true {
      var mustWait = false
      let number: Int? = books.withLock { books in
        let start = first + books.next * ScheduleBlock.size
        if isStopped || books.sum.isEnded || start >= end || !counts(start) { return nil }
        if books.next - books.added >= Self.window {
          mustWait = true
          return nil
        }
        books.next += 1
        return books.next - 1
      }
      if let number {
        let start = first + number * ScheduleBlock.size
        let block = blocks + number % Self.window
        block.pointee.clear()
        return (number, block, start..<min(start + ScheduleBlock.size, end))
      }
      if !mustWait { return nil }
      sleepThread(for: .microseconds(50))
    }
  }

  /// Takes block `number` back, and adds up what is complete.
  func giveBack(_ number: Int) {
    books.withLock { books in
      blocks[number % Self.window].isDone = true
      while books.added < books.next, blocks[books.added % Self.window].isDone {
        let block = blocks + books.added % Self.window
        if !books.sum.isEnded {
          books.sum.add(block.pointee, stopsAtFirst: stopsAtFirst)
        }
        block.pointee.isDone = false
        books.added += 1
      }
    }
  }

  /// Looks at the sum.
  func withSum<Result>(_ body: (borrowing ExploreSum) -> Result) -> Result {
    books.withLock { body($0.sum) }
  }
}
