// Runs a controlled program under a strategy, one execution after the other, in memory that is
// allocated once.

import Domain
import Host
import Machines

/// What carries the simulated pCPUs.
public enum Carrier: String, CaseIterable, Sendable {
  /// Stacks that one thread switches by hand.
  case fiber
  /// A pthread for each pCPU; they hand a baton on, on one CPU.
  case thread
}

/// One worker's engine: a program, its state, its carriers.
///
/// Not Sendable: whoever has it runs it.
public final class Engine {
  /// An execution takes at most so many steps, unless told otherwise.
  public static let defaultStepLimit = 10_000

  /// The program.
  public let program: ControlledProgram
  /// The numbers of its objects.
  public let objects: ObjectNumbering
  let state: UnsafeMutablePointer<EngineState>
  private let carriers: Carriers

  /// An engine for `program`.
  ///
  /// - Parameters:
  ///   - carrier: what its pCPUs run on.
  ///   - cpu: the CPU of the host for pthreads; nil leaves it to the kernel.
  ///   - stepLimit: an execution that takes more steps is neither pass nor fail.
  public init(
    _ program: ControlledProgram, carrier: Carrier = .fiber, cpu: Int? = nil,
    stepLimit: Int = Engine.defaultStepLimit
  ) {
    self.program = program
    objects = ObjectNumbering(program)
    state = .allocate(capacity: 1)
    state.initialize(to: EngineState(program, objects, stepLimit: stepLimit))
    carriers = Carriers(program, state, carrier, cpu: cpu)
  }

  deinit {
    carriers.stop()
    state.pointee.deallocate()
    state.deinitialize(count: 1).deallocate()
  }

  /// The size of the program.
  public var shape: ProgramShape { ProgramShape(pcpuCount: program.bodies.count) }

  /// Keeps the fingerprint's second half: for tables in which a collision would lose schedules.
  public var keepsWideFingerprint: Bool {
    get { state.pointee.isWide }
    set { state.pointee.isWide = newValue }
  }

  /// What was counted since the engine was made.
  public var counts: Counts {
    var counts = Counts()
    for counter in Counter.allCases {
      counts[counter] = state.pointee.port.counters[counter.rawValue]
    }
    return counts
  }

  /// Runs the program once.
  ///
  /// - Parameters:
  ///   - strategy: decides every step.
  ///   - seed: of this execution.
  ///   - records: whether to keep the trace, for `trace()`.
  @discardableResult
  public func run(_ strategy: Strategy, _ seed: Seed, records: Bool = false) -> ExecutionEnd {
    strategy.begin(seed, shape)
    state.pointee.reset(strategy: Unmanaged.passUnretained(strategy), records: records)
    state.pointee.annotate(records && state.pointee.annotations.isOn)
    carriers.run()
    let end = ExecutionEnd(
      outcome: state.pointee.outcome, steps: state.pointee.steps,
      decisions: state.pointee.decisions, preemptions: state.pointee.preemptions,
      traceHash: state.pointee.traceHash, fingerprint: state.pointee.fingerprint)
    strategy.end(end)
    return end
  }

  /// The steps of the last execution; it must have been recorded.
  public func trace() -> [TraceEvent] {
    precondition(state.pointee.isRecording, "the execution was not recorded")
    return (0..<state.pointee.steps).map { state.pointee.trace[$0] }
  }

  /// What step `index` of the last execution touched.
  public func touches(ofStep index: Int) -> [Touch] {
    let first = Int(state.pointee.trace[index].firstTouch)
    let end =
      index + 1 < state.pointee.steps
      ? Int(state.pointee.trace[index + 1].firstTouch) : state.pointee.touchCount
    return (first..<end).map { state.pointee.touches[$0] }
  }
}
