// What a case of `bench` repeats, and on which threads.

import Allocators
import Domain
import Host
import Machines
import Measurement
import Synchronization

/// One case of one system, ready to be repeated.
struct BenchSubject: Sendable {
  let pcpus: Int
  /// Runs one pCPU's part so often; returns the ticks it took.
  private let loop: @Sendable (PCPU, Int) -> UInt64
  /// Times so many single calls of one pCPU.
  let timed: @Sendable (PCPU, Int, inout LatencySamples) -> Void
  /// Operations so far, where they are not simply the repetitions.
  private let operationsSoFar: (@Sendable () -> UInt64)?
  /// What an additional pCPU does all the time.
  let disturb: (@Sendable () -> Void)?
  /// Answers the calls that have come for a pCPU which has nothing more to do; nil where nobody
  /// calls.
  let answer: (@Sendable (PCPU) -> Void)?

  init(_ benchCase: BenchCase, _ system: TagSystem, pcpus: Int) throws {
    switch benchCase {
    case .floor:
      self.init(pcpus, loop: { _, count in BenchFloor.repeatCompareExchange(count) }) {
        _, count, samples in BenchFloor.timeCompareExchange(count, &samples)
      }
    case .clock:
      self.init(pcpus, loop: { _, _ in 0 }) { _, count, samples in
        BenchFloor.timeNothing(count, &samples)
      }
    case .fast:
      try self.init(.fastPath, system, pcpus, Self.roomy(pcpus))
    case .fastFalseShared:
      try self.init(.fastPath, system, pcpus, Self.roomy(pcpus, .packed))
    case .fastRollovers:
      let bench = try system.measured(
        BenchSetup(pcpus: pcpus + 1, configuration: Self.tight(pcpus + 1)))
      self.init(
        pcpus, loop: { bench.repeated(.fastPath, $0, $1) },
        disturb: { _ = bench.repeated(.slowPath, PCPU(pcpus), 10_000) }, answer: bench.answer
      ) { bench.timed(.fastPath, $0, $1, &$2) }
    case .slow:
      try self.init(.slowPath, system, pcpus, Self.roomy(pcpus))
    case .rollover:
      let bench = try system.measured(
        BenchSetup(pcpus: pcpus, configuration: Self.tight(pcpus)))
      self.init(
        pcpus, loop: { bench.repeated(.slowPath, $0, $1) }, operations: { bench.rollovers },
        answer: bench.answer
      ) { bench.timed(.slowPath, $0, $1, &$2) }
    }
  }

  /// Slices on one pCPU with numbers enough.
  init(slices loop: BenchLoop, of system: TagSystem) throws {
    try self.init(loop, system, 1, Self.roomy(1))
  }

  private init(
    _ benchLoop: BenchLoop, _ system: TagSystem, _ pcpus: Int,
    _ configuration: AllocatorConfiguration
  ) throws {
    let bench = try system.measured(BenchSetup(pcpus: pcpus, configuration: configuration))
    self.init(pcpus, loop: { bench.repeated(benchLoop, $0, $1) }, answer: bench.answer) {
      bench.timed(benchLoop, $0, $1, &$2)
    }
  }

  private init(
    _ pcpus: Int, loop: @escaping @Sendable (PCPU, Int) -> UInt64,
    operations: (@Sendable () -> UInt64)? = nil, disturb: (@Sendable () -> Void)? = nil,
    answer: (@Sendable (PCPU) -> Void)? = nil,
    timed: @escaping @Sendable (PCPU, Int, inout LatencySamples) -> Void
  ) {
    self.pcpus = pcpus
    self.loop = loop
    self.timed = timed
    self.operationsSoFar = operations
    self.disturb = disturb
    self.answer = answer
  }

  /// 16 bits: a rollover every 65,535 numbers, which no row notices.
  private static func roomy(
    _ pcpus: Int, _ placement: Placement = .ownLine
  ) -> AllocatorConfiguration {
    AllocatorConfiguration(tagBits: 16, pcpuCount: pcpus, perPCPUWords: placement)
  }

  /// One tag more than pCPUs: with one pCPU every new number is a rollover.
  private static func tight(_ pcpus: Int) -> AllocatorConfiguration {
    AllocatorConfiguration(tagBits: 8, usableTags: pcpus + 1, pcpuCount: pcpus)
  }

  /// Runs all pCPUs at once: the mean of their ticks, and how many operations each made.
  func repeated(_ count: Int) -> (ticks: Double, operations: UInt64) {
    let before = operationsSoFar?() ?? 0
    let sum = HostLock<UInt64>(0)
    runTogether(pcpus, answer: answer) { pcpu in
      let ticks = loop(pcpu, count)
      sum.withLock { $0 += ticks }
    }
    let operations = operationsSoFar.map { ($0() - before) / UInt64(pcpus) } ?? UInt64(count)
    return (Double(sum.withLock { $0 }) / Double(pcpus), operations)
  }
}

/// Runs `body` for every pCPU on a thread of its own, one to a CPU where there are enough. None
/// starts before all are there. Where pCPUs call each other, who is done answers until all are.
func runTogether(
  _ pcpus: Int, answer: (@Sendable (PCPU) -> Void)? = nil,
  _ body: @escaping @Sendable (PCPU) -> Void
) {
  let cpus = HostDescription.current().allowedCPUs
  let gate = Gate(pcpus)
  let exit = Gate(pcpus)
  let threads = (0..<pcpus).map { index in
    let cpu = cpus.isEmpty ? nil : cpus[index % cpus.count]
    return PinnedThread(name: "bench-\(index)", cpu: cpu) {
      gate.pass()
      body(PCPU(index))
      if let answer { exit.pass { answer(PCPU(index)) } }
    }
  }
  threads.forEach { $0.join() }
}

/// Opens when all have come.
private final class Gate: Sendable {
  private let missing: Atomic<Int>

  init(_ count: Int) { missing = Atomic(count) }

  func pass() {
    missing.subtract(1, ordering: .acquiringAndReleasing)
    var spins = 0
    while missing.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins % 1000 == 0 { yieldCore() } else { spinHint() }
    }
  }

  /// The same; who waits does `meanwhile` again and again, and leaves the core to the others.
  func pass(meanwhile: () -> Void) {
    missing.subtract(1, ordering: .acquiringAndReleasing)
    while missing.load(ordering: .acquiring) > 0 {
      meanwhile()
      yieldCore()
    }
  }
}

/// A thread that does something again and again until it is stopped.
final class Disturber: Sendable {
  private let isStopped = Flag()
  private let hasEnded = Flag()
  private let thread: PinnedThread

  init(_ body: @escaping @Sendable () -> Void) {
    thread = PinnedThread(name: "disturber", cpu: nil) { [isStopped, hasEnded] in
      while !isStopped.value.load(ordering: .relaxed) { body() }
      hasEnded.value.store(true, ordering: .releasing)
    }
  }

  /// Ends it; it may wait for the first `pcpus` pCPUs, which have no threads any more, to answer.
  func stop(_ pcpus: Int, answer: (@Sendable (PCPU) -> Void)?) {
    isStopped.value.store(true, ordering: .relaxed)
    if let answer {
      while !hasEnded.value.load(ordering: .acquiring) {
        for index in 0..<pcpus { answer(PCPU(index)) }
        yieldCore()
      }
    }
    thread.join()
  }
}

private final class Flag: Sendable {
  let value = Atomic<Bool>(false)
}

extension TagSystem {
  /// Its loops. Faults, which have none, are not among the systems that the command line measures.
  func measured(_ setup: BenchSetup) throws -> PreparedBench {
    guard let prepareBench else { preconditionFailure("\(name) is not measured") }
    return try prepareBench(setup)
  }
}
