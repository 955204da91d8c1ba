import Allocators
import Campaigns
import Domain
import Testing

extension RealThreads {
  /// What a soak promises beside its verdict.
  @Suite("Soak") struct SoakTests {
    @Test(.enabled(if: isOptimised, whySkipped))
    func `d06 takes every path and makes every check`() throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "d06")
      scenario.duration = .seconds(10)
      let result = try Soak.run(try SoakOrder(scenario, seed: Seed(6)))
      let counts = result.counts
      #expect(result.verdict == .clean, "\(result.findings)")
      for counter in Counter.coverage { #expect(counts[counter] > 0, "\(counter)") }
      for check in [Counter.checksO1, .checksO2, .checksO7, .checksO8] {
        #expect(counts[check] == counts[.guestEntries])
      }
      #expect(counts[.checksO3] == counts[.tlbHits] + counts[.tlbFills])
      #expect(counts[.checksO4] == counts[.checksO3])
      #expect(counts[.checksO5] == counts[.rollovers])
      #expect(counts[.checksO6] == counts[.rollovers])
      #expect(counts[.migrations] * 100 >= counts[.slices])
      #expect(counts[.blocks] * 20 >= counts[.slices])
      #expect(counts[.pageFaults] > 0 && counts[.unmaps] > 0 && counts[.suspensions] > 0)
    }

    @Test func `memory does not grow after the first five seconds`() throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "small")
      scenario.duration = .seconds(8)
      let result = try Soak.run(try SoakOrder(scenario, seed: Seed(8)))
      let early = try #require(result.residentBytesAfterFiveSeconds)
      #expect(result.residentBytesAtEnd <= early + 1_000_000)
    }

    @Test(arguments: [1, 2, 3, 5, 8, 12, 16])
    func `tags of any width soak clean`(_ tagBits: Int) throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "small")
      scenario.tagBits = tagBits
      scenario.fewTags = true
      scenario.pcpus = tagBits == 1 ? 1 : 2
      scenario.duration = .milliseconds(500)
      let result = try Soak.run(try SoakOrder(scenario, seed: Seed(16)))
      #expect(result.verdict == .clean, "\(result.findings)")
    }

    @Test func `a soak that waits for an oracle goes on when others have spoken`() throws {
      let fault = try #require(Fault.named("B11"))
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "small")
      scenario.duration = .seconds(2)
      var order = try SoakOrder(scenario, fault: fault, seed: Seed(11))
      order.awaited = [.o7]
      let seen = try Soak.run(order)
      #expect(seen.findings.contains { $0.oracle == .o7 } && seen.elapsed < scenario.duration)
      order.awaited = [.o13]
      let waited = try Soak.run(order)
      #expect(waited.verdict == .bug && waited.elapsed >= scenario.duration)
    }

    @Test func `too few tags run into the allocator's BUG`() throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "small")
      scenario.fewTags = true
      scenario.usableTags = 1
      scenario.duration = .seconds(10)
      let result = try Soak.run(try SoakOrder(scenario, seed: Seed(3)))
      #expect(result.verdict == .bug)
      #expect(
        result.findings.contains { $0.oracle == .o9 && $0.summary.contains("no free number") })
    }

    @Test func `a scenario's initial state is where it starts`() throws {
      var scenario = try ScenarioLibrary.builtIn.scenario(named: "small")
      scenario.initialState = Scenario.InitialState(numbers: [1, 0, 2, 0], full: true)
      scenario.duration = .milliseconds(300)
      let result = try Soak.run(try SoakOrder(scenario, seed: Seed(4)))
      #expect(result.verdict == .clean, "\(result.findings)")
      #expect(result.counts[.rollovers] > 0)
    }
  }
}
