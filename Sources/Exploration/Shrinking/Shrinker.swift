// Makes a failing execution short: less program, fewer preemptions, and the pair of steps on which
// it depends. Each attempt is judged by replaying it: the same oracle must say the same.

import Domain
import Machines

/// Shrinks schedules of one program.
public struct Shrinker {
  /// Builds the program with only these steps of each pCPU's own program; nil if that is not
  /// possible. The number of pCPUs stays, and the objects keep their numbers.
  public typealias ProgramSource = (_ keeping: [[Int]]) -> ControlledProgram?

  private let programSteps: [Int]
  private let budget: ShrinkBudget
  private let clock: () -> Duration
  private let program: ProgramSource

  /// A shrinker.
  ///
  /// - Parameters:
  ///   - programSteps: how many steps the program of each pCPU has; 0 for a pCPU whose program
  ///     cannot be cut.
  ///   - budget: after it, the best so far is the result.
  ///   - clock: the time since some moment.
  ///   - program: builds parts of the program.
  public init(
    programSteps: [Int], budget: ShrinkBudget = ShrinkBudget(),
    clock: @escaping () -> Duration, program: @escaping ProgramSource
  ) {
    self.programSteps = programSteps
    self.budget = budget
    self.clock = clock
    self.program = program
  }

  /// Shrinks `schedule`, which is of the whole program.
  public func shrink(_ schedule: Schedule) -> Shrinking {
    if !schedule.verdict.isFailure { return .doesNotFail([]) }
    let trials = Trials(program, budget, clock: clock)
    let whole = programSteps.map { Array(0..<$0) }
    // A replay ends at the failing event: what was recorded behind it is cut off by that.
    let repeats = (0..<3).compactMap { _ in trials.repeated(schedule, kept: whole) }
    guard let first = repeats.first, repeats.count == 3 else { return .noProgram }
    let verdicts = repeats.map(\.verdict)
    if verdicts.allSatisfy({ $0 == .finished }) { return .doesNotFail(verdicts) }
    guard verdicts.allSatisfy({ $0 == schedule.verdict }) else { return .flaky(verdicts) }
    let attempt = ShrinkAttempt(trials, wanted: schedule.verdict)
    return .shrunk(attempt.result(from: first.specimen))
  }
}
