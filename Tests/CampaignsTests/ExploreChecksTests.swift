// What an exploration says when it cannot be believed: programs that do not repeat, findings that do
// not, and runs in which nobody looked.

import Allocators
import Domain
import Exploration
import Foundation
import Machines
import Synchronization
import Testing

@testable import Campaigns

@Suite("Checks of an exploration") struct ExploreChecksTests {
  /// Counts executions: what no program may know.
  private final class Executions: Sendable {
    private let count = Atomic<Int>(0)

    /// The number of this execution, from 0.
    func next() -> Int { count.add(1, ordering: .relaxed).oldValue }
  }

  /// Two pCPUs that store to one word; the second one also does `extra` with the number of the execution.
  private func order(
    _ extra: @escaping @Sendable (Int, ControlledMachine, ControlledWord) -> Void
  ) throws -> ExploreOrder {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: "e2")
    var world = try ControlledWorld(scenario)
    let executions = Executions()
    world.substitute = {
      let memory = ControlledMemory(pcpuCount: 2)
      let word = memory.word(initially: 0, named: "x")
      return ControlledProgram(
        memory: memory,
        bodies: [
          ClosureBody { m in m.store(word, 1, .relaxed, at: Site(1)) },
          ClosureBody { m in
            let number = executions.next()
            m.store(word, 2, .relaxed, at: Site(2))
            extra(number, m, word)
          },
        ])
    }
    var order = ExploreOrder(world, seed: Seed(1))
    order.schedules = 100
    return order
  }

  @Test func `a program that repeats is clean`() throws {
    let result = try Explore.run(order { _, m, x in _ = m.load(x, .relaxed, at: Site(3)) })
    #expect(result.verdict == .clean)
    #expect(result.schedules == 100)
  }

  @Test func `a program that knows how often it ran is noticed`() throws {
    let result = try Explore.run(
      order { number, m, x in
        if number.isMultiple(of: 2) { _ = m.load(x, .relaxed, at: Site(3)) }
      })
    #expect(result.verdict == .nondeterministic)
    #expect(result.verdict.exitCode == 4)
    #expect(result.nondeterministic == 0)
  }

  @Test func `a value that does not repeat is noticed`() throws {
    let result = try Explore.run(
      order { number, m, x in m.store(x, UInt64(number), .relaxed, at: Site(3)) })
    #expect(result.verdict == .nondeterministic)
  }

  @Test func `a finding that does not repeat is none`() throws {
    // Behind the executions that only look at the program, and the one that is run twice.
    let only = Calibration.executions + 10
    let result = try Explore.run(
      order { number, m, x in if number == only { m.bug("once", at: Site(4)) } })
    #expect(result.verdict == .notConfirmed)
    #expect(result.verdict.exitCode == 3)
    #expect(result.findings.map(\.isConfirmed) == [false])
    #expect(result.findings.allSatisfy { $0.replayFile.isEmpty })
  }

  // MARK: Nobody looks

  /// Whether B01, which takes few schedules, is found in one rollover by these oracles; nil for
  /// those of the system.
  private func isFound(by oracles: Set<OracleID>?) throws -> Bool {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: "m1-r1")
    let fault = try #require(Fault.named("B01"))
    let plain = try ControlledWorld(scenario, fault: fault)
    var world = plain
    world.substitute = {
      let program = try plain.program()
      var hardware = program.hardware
      if let oracles { hardware.oracles = oracles }
      return ControlledProgram(
        memory: program.memory, hardware: hardware, bodies: program.bodies)
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    var order = ExploreOrder(world, seed: Seed(1))
    order.schedules = 3000
    order.folder = folder.path
    return try Explore.run(order).verdict == .bug
  }

  @Test func `a fault is found by its oracles and by nobody else`() throws {
    #expect(try isFound(by: nil))
    #expect(try isFound(by: [.o1, .o2, .o6, .o9]))
    // What a kernel would notice by itself: it can't be switched off.
    #expect(try !isFound(by: [.o9]))
  }

  @Test func `no schedule is no check`() throws {
    var none = try order { _, _, _ in }
    none.schedules = 0
    let result = try Explore.run(none)
    #expect(result.verdict == .nothingChecked)
    #expect(result.verdict.exitCode == 7)
    #expect(result.bound == "no schedule ran: nothing follows")
  }

  @Test func `schedules that all end at the step limit are no check`() throws {
    var short = try order { _, _, _ in }
    short.stepLimit = 1
    let result = try Explore.run(short)
    #expect(result.stepLimits == result.schedules && result.schedules > 0)
    #expect(result.verdict == .nothingChecked)
  }
}
