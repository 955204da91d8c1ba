// Statistics and differencing against values worked out by hand.

import Measurement
import Testing

@Suite struct StatisticsTests {
  @Test func `the median is the middle one of an odd number`() {
    #expect(Samples([9, 1, 5]).median == 5)
    #expect(Samples([7]).median == 7)
  }

  @Test func `the median of an even number lies between the two in the middle`() {
    #expect(Samples([4, 1, 3, 2]).median == 2.5)
  }

  @Test func `minimum, maximum and count do not depend on the order`() {
    let samples = Samples([3, -1, 8, 2])
    #expect(samples.minimum == -1)
    #expect(samples.maximum == 8)
    #expect(samples.count == 4)
    #expect(samples == Samples([8, 3, 2, -1]))
  }

  @Test func `the median absolute deviation is the median distance to the median`() {
    // Median 2; distances 1 1 0 0 2 4 7, sorted 0 0 1 1 2 4 7.
    let samples = Samples([1, 1, 2, 2, 4, 6, 9])
    #expect(samples.medianAbsoluteDeviation == 1)
    #expect(samples.relativeSpread == 0.5)
  }

  @Test func `one disturbed round does not make samples unstable`() {
    let samples = Samples([100, 101, 99, 100, 100_000])
    #expect(samples.median == 100)
    #expect(samples.isStable())
  }

  @Test func `samples that disagree are unstable`() {
    let samples = Samples([80, 100, 120])
    #expect(samples.relativeSpread == 0.2)
    #expect(!samples.isStable())
    #expect(samples.isStable(within: 0.2))
  }

  @Test func `fewer than three samples are never stable`() {
    #expect(!Samples([5]).isStable())
    #expect(!Samples([5, 5]).isStable())
    #expect(Samples([5, 5, 5]).isStable())
  }

  @Test func `a median of zero has no relative spread unless all samples are zero`() {
    #expect(Samples([0, 0, 0]).relativeSpread == 0)
    #expect(Samples([-1, 0, 1]).relativeSpread == .infinity)
  }

  @Test func `a negative median has a positive spread`() {
    #expect(Samples([-12, -10, -8]).relativeSpread == 0.2)
  }

  @Test func `statistics of nothing stop with a message`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Samples([])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("at least one measurement, but there is none"))
  }

  @Test func `statistics of what is not a number stop`() async {
    await #expect(processExitsWith: .failure) { _ = Samples([1, .nan]) }
  }
}

@Suite struct DifferencingTests {
  @Test(arguments: [0.0, 1.0, 12_345.0, 1e9])
  func `a constant cost cancels out`(startUp: Double) {
    let cost = PerOperationCost.perOperation(
      timeForN: startUp + 1_000 * 7.5, timeFor2N: startUp + 2_000 * 7.5, n: 1_000)
    #expect(cost == 7.5)
  }

  @Test func `the cost is the median of the rounds, start-up differing from round to round`() {
    var cost = PerOperationCost(n: 100)
    for (startUp, operation) in [(50.0, 8.0), (900.0, 8.25), (3.0, 7.75), (20.0, 64.0)] {
      cost.addRound(timeForN: startUp + 100 * operation, timeFor2N: startUp + 200 * operation)
    }
    #expect(cost.rounds == [8, 8.25, 7.75, 64])
    #expect(cost.median == 8.125)
    #expect(cost.samples.minimum == 7.75)
    #expect(cost.isStable())
    #expect(!cost.isStable(within: 0.001))
  }

  @Test func `noise may make a round negative`() {
    #expect(PerOperationCost.perOperation(timeForN: 30, timeFor2N: 20, n: 10) == -1)
  }

  @Test func `no operations stop with a message`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = PerOperationCost(n: 0)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("at least one operation, but n = 0"))
  }
}
