// Randomised strategies against the probabilities that they promise, on programs where these are
// known. Seeds are fixed: what holds today holds tomorrow.

import Domain
import Exploration
import Machines
import Testing

@Suite("Randomised strategies") struct RandomStrategyTests {
  // MARK: One late event: pCPU 0 has k events, pCPU 1 has one, and it comes last

  private func lateEvent(_ k: Int, _ strategy: Strategy, sharing: Bool = true) -> Double {
    Sampling(Toys.stores([k, 1], sharing: sharing), strategy)
      .share { $0.last?.agent.number == 1 }
  }

  private func isNear(_ share: Double, _ expected: Double, sigmas: Double = 4) -> Bool {
    abs(share - expected) <= sigmas * Sampling.sigma(expected)
  }

  @Test("a random walk comes to a late event with 2^-k", arguments: [4, 8])
  func randomWalk(k: Int) {
    let share = lateEvent(k, RandomWalk())
    #expect(isNear(share, 1 / Double(1 << k)), "\(share)")
  }

  @Test("URW comes to a late event with 1/(k+1)", arguments: [4, 8, 12])
  func urw(k: Int) {
    let share = lateEvent(k, URW(weights: [k, 1]))
    #expect(isNear(share, 1 / Double(k + 1)), "\(share)")
  }

  @Test("POS comes to a late event that races with nothing with 1/(k+1)", arguments: [4, 8, 12])
  func posWithoutRaces(k: Int) {
    let share = lateEvent(k, POS(), sharing: false)
    #expect(isNear(share, 1 / Double(k + 1)), "\(share)")
  }

  @Test("POS is a random walk where everything races", arguments: [4, 8])
  func posWithRaces(k: Int) {
    let pos = lateEvent(k, POS())
    let walk = lateEvent(k, RandomWalk())
    let sigma = 2.0.squareRoot() * Sampling.sigma(1 / Double(1 << k))
    #expect(abs(pos - walk) <= 3 * sigma, "\(pos) and \(walk)")
  }

  @Test("PCT of depth 1 comes to a late event in every second execution", arguments: [4, 12])
  func pctOfDepth1(k: Int) {
    let share = lateEvent(k, PCT(depth: 1, steps: k, agents: 2))
    #expect(isNear(share, 0.5), "\(share)")
  }

  @Test("run-length random comes to a late event as its runs say", arguments: [4, 12])
  func runs(k: Int) {
    // All of the k events come first: by one run of pCPU 0 after the other.
    var exact = [1.0]
    for left in 1...k {
      let runs = (0...RunLengthRandom.longestExponent).map { exact[max(left - 1 << $0, 0)] }
      exact.append(runs.reduce(0, +) / Double(runs.count) / 2)
    }
    let share = lateEvent(k, RunLengthRandom())
    #expect(isNear(share, exact[k]), "\(share), not \(exact[k])")
  }

  // MARK: A block: pCPU 0 has ten events, pCPU 1 three, and these come right after the fifth

  private func block(_ strategy: Strategy) -> Double {
    Sampling(Toys.stores([10, 3], sharing: true), strategy).share { trace in
      trace.enumerated().allSatisfy { place, event in
        event.agent.number == ((5..<8).contains(place) ? 1 : 0)
      }
    }
  }

  @Test("a random walk comes to the block with 1/256")
  func blockByRandomWalk() {
    let share = block(RandomWalk())
    #expect(isNear(share, 1.0 / 256), "\(share)")
  }

  @Test("URW comes to the block with 1/286")
  func blockByURW() {
    let share = block(URW(weights: [10, 3]))
    #expect(isNear(share, 1.0 / 286), "\(share)")
  }

  @Test("PCT of depth 2 comes to the block with its bound at least, of depth 1 never")
  func blockByPCT() {
    let pct = PCT(depth: 2, steps: 13, agents: 2)
    #expect(abs(pct.probabilityBound - 1.0 / 26) < 1e-12)
    let share = block(pct)
    #expect(share >= 1.0 / 26 - 3 * Sampling.sigma(1.0 / 26), "\(share)")
    #expect(block(PCT(depth: 1, steps: 13, agents: 2)) == 0)
  }

  @Test("PCT of depth 3 comes to either order of two lowered pCPUs")
  func pctLowersBothWays() {
    // 0 stops in its middle for 1, and 1 in its own for 2; then 0 goes on first, or 1 does.
    func share(_ order: [Int]) -> Double {
      Sampling(
        Toys.stores([4, 4, 1], sharing: true), PCT(depth: 3, steps: 8, agents: 3)
      ).share { $0.map(\.agent.number) == order }
    }
    let bound = PCT(depth: 3, steps: 8, agents: 3).probabilityBound
    #expect(share([0, 0, 1, 1, 2, 0, 0, 1, 1]) >= bound / 2)
    #expect(share([0, 0, 1, 1, 2, 1, 1, 0, 0]) >= bound / 2)
  }

  // MARK: Every order

  @Test("URW gives each of the ten orders of three and two events its share; a walk does not")
  func tenOrders() {
    let program = Toys.stores([3, 2], sharing: true)
    let urw = Sampling(program, URW(weights: [3, 2])).orders()
    #expect(Sampling.areEven(urw, 10), "\(urw)")
    #expect(!Sampling.areEven(Sampling(program, RandomWalk()).orders(), 10))
    #expect(!Sampling.areEven(Sampling(program, URW(weights: [2, 3])).orders(), 10))
  }

  @Test("SURW gives each of the ten orders of chosen events its share; URW and a walk do not")
  func tenOrdersOfChosen() {
    let program = Toys.patterns(["-D-D-D", "---------DD"])
    let chosen = SURW(always: [SharedObject(object: 0, events: [3, 2])])
    let surw = Sampling(program, chosen).orders(ofWordsIn: 0..<1)
    #expect(Sampling.areEven(surw, 10), "\(surw)")
    let urw = Sampling(program, URW(weights: [6, 11])).orders(ofWordsIn: 0..<1)
    #expect(!Sampling.areEven(urw, 10), "\(urw)")
    let walk = Sampling(program, RandomWalk()).orders(ofWordsIn: 0..<1)
    #expect(!Sampling.areEven(walk, 10), "\(walk)")
  }

  @Test("SURW gives each of the 30 orders of three pCPUs' chosen events its share")
  func thirtyOrders() {
    let program = Toys.patterns(["D---D", "--DD", "------D"])
    let chosen = SURW(always: [SharedObject(object: 0, events: [2, 2, 1])])
    let surw = Sampling(program, chosen).orders(ofWordsIn: 0..<1)
    #expect(Sampling.areEven(surw, 30), "\(surw)")
  }

  // MARK: Steps without a choice

  /// pCPU 0 stores `before` times into word 0, lets pCPU 1 go, which waits for it, and stores
  /// `after` times more; pCPU 1 stores `other` times.
  private func gate(before: Int, after: Int, other: Int) -> ControlledProgram {
    Toys.program(
      words: 2,
      [
        { m, x in
          for _ in 0..<before { m.store(x[0], 1, .relaxed, at: Site(1)) }
          m.store(x[1], 1, .relaxed, at: Site(2))
          for _ in 0..<after { m.store(x[0], 1, .relaxed, at: Site(3)) }
        },
        { m, x in
          _ = m.wait(for: x[1], until: .equals(1), .relaxed, at: Site(4))
          for _ in 0..<other { m.store(x[0], 1, .relaxed, at: Site(5)) }
        },
      ])
  }

  @Test("URW counts the steps at which only one pCPU could go")
  func urwCountsEveryStep() {
    let orders = Sampling(gate(before: 5, after: 2, other: 1), URW(weights: [8, 2])).orders()
    #expect(Sampling.areEven(orders, 6), "\(orders)")
  }

  @Test("SURW counts the steps at which only one pCPU could go")
  func surwCountsEveryStep() {
    let chosen = SURW(always: [SharedObject(object: 0, events: [6, 2])])
    let orders = Sampling(gate(before: 5, after: 1, other: 2), chosen).orders(ofWordsIn: 0..<1)
    #expect(Sampling.areEven(orders, 3), "\(orders)")
  }

  @Test("POS forgets a priority also where only one pCPU could go")
  func posForgetsAtEveryStep() {
    // 1 goes first, so the first event of 0 had the lower priority; that is no reason for the third
    // to have a low one.
    let program = Toys.program(
      words: 4,
      [
        { m, x in
          m.store(x[1], 1, .relaxed, at: Site(1))
          m.store(x[0], 1, .relaxed, at: Site(2))
          m.store(x[1], 1, .relaxed, at: Site(3))
        },
        { m, x in
          m.store(x[2], 1, .relaxed, at: Site(4))
          _ = m.wait(for: x[0], until: .equals(1), .relaxed, at: Site(5))
        },
      ])
    let share = Sampling(program, POS()).share { $0.map(\.agent.number) == [1, 0, 0, 0, 1] }
    #expect(isNear(share, 0.25), "\(share)")
  }

  // MARK: Wrong estimates

  @Test("SURW goes on where its estimates are too low, and where they are too high")
  func wrongEstimates() {
    let program = Toys.patterns(["-D-D-D", "-----DD"])
    for events in [[0, 0], [1, 0], [9, 9], [0, 9]] {
      let engine = Engine(program)
      let surw = SURW(always: [SharedObject(object: 0, events: events)])
      for index in 0..<200 {
        let end = engine.run(surw, Seed(UInt64(index)))
        #expect(end.outcome == .finished && end.steps == 13)
      }
    }
  }
}
