// Small programs as data: what a generator can write and a test can print.

import Domain
import Exploration
import Machines

/// One operation of a scripted program. Words are given by number.
enum ScriptedOperation: Sendable, BitwiseCopyable {
  case load(Int)
  case store(Int, UInt64)
  case add(Int, UInt64)
  case compareExchange(Int, UInt64, UInt64)
  case acquire(Int)
  case release(Int)
  case waitEquals(Int, UInt64)
  case waitDiffers(Int, UInt64)
  case waitAtLeast(Int, UInt64)
  /// A bug if the word holds the value.
  case refuse(Int, UInt64)
}

/// What each pCPU of a program does.
struct ScriptedProgram: Sendable {
  /// How many words it has, all 0 at the start.
  var words: Int
  /// The operations of each pCPU.
  var scripts: [[ScriptedOperation]]

  /// The program, ready to run.
  func program() -> ControlledProgram {
    let memory = ControlledMemory(pcpuCount: scripts.count)
    let bank = memory.words(words, initially: 0, .packed, named: "x")
    return ControlledProgram(
      memory: memory,
      bodies: scripts.map { script in
        let kept = KeptScript(script)
        nonisolated(unsafe) let operations = kept.operations
        return ClosureBody(keeping: kept) { m in
          for operation in operations { Self.perform(operation, bank, m) }
        }
      })
  }

  private static func perform(
    _ operation: ScriptedOperation, _ x: Bank<ControlledWord>, _ m: ControlledMachine
  ) {
    let site = Site(1)
    switch operation {
    case .load(let word): _ = m.load(x[word], .relaxed, at: site)
    case .store(let word, let value): m.store(x[word], value, .relaxed, at: site)
    case .add(let word, let value): _ = m.add(x[word], value, .relaxed, at: site)
    case .compareExchange(let word, let expected, let desired):
      _ = m.compareExchange(
        x[word], expected: expected, desired: desired, .relaxed, failure: .relaxed, at: site)
    case .acquire(let word): m.acquire(Lock(x[word]), at: site)
    case .release(let word): m.release(Lock(x[word]), at: site)
    case .waitEquals(let word, let value):
      _ = m.wait(for: x[word], until: .equals(value), .relaxed, at: site)
    case .waitDiffers(let word, let value):
      _ = m.wait(for: x[word], until: .differs(value), .relaxed, at: site)
    case .waitAtLeast(let word, let value):
      _ = m.wait(for: x[word], until: .atLeast(value), .relaxed, at: site)
    case .refuse(let word, let value):
      if m.load(x[word], .relaxed, at: site) == value { m.bug("refused", at: site) }
    }
  }
}

/// A script at a place that stays: a body may not hold a reference while it runs.
///
/// Sendable because nobody writes it.
private final class KeptScript: @unchecked Sendable {
  let operations: UnsafeBufferPointer<ScriptedOperation>

  init(_ script: [ScriptedOperation]) {
    let place = UnsafeMutableBufferPointer<ScriptedOperation>.allocate(capacity: script.count)
    _ = place.initialize(from: script)
    operations = UnsafeBufferPointer(place)
  }

  deinit { operations.deallocate() }
}

// MARK: Programs that wait

extension ScriptedProgram {
  /// Programs with locks and waits, those that end and those that may not.
  static let waiting: [String: ScriptedProgram] = [
    "two critical sections": ScriptedProgram(
      words: 2,
      scripts: Array(repeating: [.acquire(0), .load(1), .add(1, 1), .release(0)], count: 2)),
    "three short critical sections": ScriptedProgram(
      words: 2, scripts: Array(repeating: [.acquire(0), .add(1, 1), .release(0)], count: 3)),
    "a flag that equals": ScriptedProgram(
      words: 3,
      scripts: [
        [.acquire(0), .store(1, 1), .release(0), .store(2, 7)],
        [.waitEquals(2, 7), .acquire(0), .load(1), .release(0)],
      ]),
    "a flag that is at least": ScriptedProgram(
      words: 3,
      scripts: [
        [.store(1, 5), .add(2, 1)], [.add(2, 1), .load(1)], [.waitAtLeast(2, 2), .load(1)],
      ]),
    "a flag that comes and goes": ScriptedProgram(
      words: 1, scripts: [[.store(0, 1), .store(0, 0), .store(0, 1)], [.waitEquals(0, 0)]]),
    "a hand-off over three": ScriptedProgram(
      words: 3,
      scripts: [
        [.store(2, 1), .store(0, 1)], [.waitEquals(0, 1), .add(2, 1), .store(1, 1)],
        [.waitDiffers(1, 0), .load(2)],
      ]),
    "a wait in a critical section": ScriptedProgram(
      words: 3,
      scripts: [
        [.acquire(0), .waitAtLeast(1, 1), .store(2, 1), .release(0)],
        [.load(2), .store(1, 1), .acquire(0), .release(0)],
      ]),
    "two locks in two orders": ScriptedProgram(
      words: 2,
      scripts: [
        [.acquire(0), .acquire(1), .release(1), .release(0)],
        [.acquire(1), .acquire(0), .release(0), .release(1)],
      ]),
    "too late to wait": ScriptedProgram(
      words: 1, scripts: [[.store(0, 1), .store(0, 2)], [.waitEquals(0, 0)]]),
    "too late to wait, with company": ScriptedProgram(
      words: 2,
      scripts: [[.store(0, 1), .store(0, 2)], [.load(1), .waitEquals(0, 0)], [.store(1, 1)]]),
    "a lock that is never given back": ScriptedProgram(
      words: 2,
      scripts: [[.acquire(0), .load(1)], [.store(1, 1), .acquire(0)], [.load(1)]]),
    "a bug that hides another": ScriptedProgram(
      words: 2,
      scripts: [[.store(0, 1), .store(1, 1)], [.refuse(0, 1), .load(1)], [.refuse(1, 1)]]),
    "a bug behind a lock": ScriptedProgram(
      words: 3,
      scripts: [
        [.acquire(0), .store(1, 1), .store(1, 0), .release(0)],
        [.refuse(1, 1), .acquire(0), .store(2, 1), .release(0)],
      ]),
  ]
}
