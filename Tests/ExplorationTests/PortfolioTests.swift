// The portfolio, what it is calibrated by, and that a seed is all that an execution depends on.

import Domain
import Exploration
import Machines
import Testing

@Suite("Portfolio") struct PortfolioTests {
  // MARK: Calibration

  @Test("estimates are those of the program where every execution has the same length")
  func exactEstimates() {
    let calibration = Calibration(Engine(Toys.patterns(["-D-D-D", "--DD-"])), Seed(1))
    #expect(calibration.agents == 2)
    #expect(calibration.events == [6, 5])
    #expect(calibration.shared == [SharedObject(object: 0, events: [3, 2])])
    #expect((6...10).contains(calibration.decisions))
  }

  @Test("what everybody only reads is not shared")
  func readOnly() {
    let program = Toys.program(
      words: 2,
      (0..<2).map { _ -> Toys.Body in
        { m, x in
          _ = m.load(x[0], .relaxed, at: Site(1))
          m.store(x[1], 1, .relaxed, at: Site(2))
        }
      })
    #expect(Calibration(Engine(program), Seed(1)).shared.map(\.object) == [1])
  }

  @Test("the same seed gives the same estimates, whatever the engine ran before")
  func estimatesRepeat() {
    let fresh = Engine(SmallWorlds.m1(rounds: 2, hasTLB: true))
    let used = Engine(SmallWorlds.m1(rounds: 2, hasTLB: true))
    for index in 0..<100 { used.run(RandomWalk(), Seed(UInt64(index))) }
    let calibration = Calibration(fresh, Seed(7))
    #expect(calibration == Calibration(used, Seed(7)))
    #expect(calibration != Calibration(used, Seed(8)))
    #expect(calibration.agents > 3, "hardware takes part")
    #expect(calibration.shared.contains { $0.object == SharedObject.guests })
    #expect(calibration.shared.contains { $0.object < fresh.objects.words })
  }

  // MARK: The mixture

  @Test("any 20 executions in a row have the mixture of the table")
  func mixture() {
    let engine = Engine(SmallWorlds.m1(rounds: 1, hasTLB: false))
    let portfolio = Portfolio(Calibration(engine, Seed(1)))
    #expect(Portfolio.entries.map(\.share).reduce(0, +) == 100)
    #expect(
      Portfolio.entries.map(\.name) == ["pct", "surw", "pos", "runs", "urw", "random"])
    for start in 0..<45 {
      let window = (start..<(start + 20)).map(portfolio.strategy(for:))
      for (name, share) in Portfolio.entries {
        #expect(window.count { $0.name == name } * 5 == share)
      }
      let depths = window.compactMap { ($0 as? PCT)?.depth }
      #expect(depths.sorted() == [1, 1, 2, 2, 3, 3, 4, 4])
    }
  }

  @Test("an execution depends on its index and its seed alone")
  func indexAndSeed() {
    let engine = Engine(SmallWorlds.m1(rounds: 2, hasTLB: true))
    let calibration = Calibration(engine, Seed(1))
    let portfolio = Portfolio(calibration)
    let inOrder = (0..<60).map { engine.run(portfolio, Seed(UInt64($0))).traceHash }
    let other = Portfolio(calibration)
    for index in (0..<60).reversed() {
      let alone = engine.run(other.strategy(for: index), Seed(UInt64(index)))
      #expect(alone.traceHash == inOrder[index])
    }
    #expect(Set(inOrder).count > 50)
  }

  // MARK: Determinism

  @Test(
    "a seed gives one trace, in any order of seeds and on both carriers", arguments: Portfolio.names
  )
  func determinism(name: String) throws {
    let program = SmallWorlds.m1(rounds: 2, hasTLB: true)
    let fibers = Engine(program)
    let calibration = Calibration(fibers, Seed(3))
    let one = try #require(Portfolio.named(name, calibration: calibration))
    #expect(one.name == name)
    let hashes = (0..<200).map { fibers.run(one, Seed(UInt64($0))).traceHash }
    let other = try #require(Portfolio.named(name, calibration: calibration))
    let again = (0..<200).reversed().map { fibers.run(other, Seed(UInt64($0))).traceHash }
    #expect(hashes == again.reversed())
    #expect(Set(hashes).count > 100, "the seed must matter")
    let threads = Engine(program, carrier: .thread)
    let onThreads = (0..<20).map { threads.run(other, Seed(UInt64($0))).traceHash }
    #expect(onThreads == Array(hashes.prefix(20)))
  }

  @Test("an unknown name names nothing")
  func unknownName() {
    let calibration = Calibration(Engine(Toys.writers(2)), Seed(1))
    #expect(Portfolio.named("fair", calibration: calibration) == nil)
  }
}
