// The rate of the cycle counter, from readings made up by hand.

import Domain
import Measurement
import Testing

@Suite struct ClockCalibrationTests {
  private func reading(_ cycles: UInt64, _ nanoseconds: UInt64) -> ClockReading {
    ClockReading(cycles: cycles, nanoseconds: nanoseconds)
  }

  @Test func `two readings give the rate between them`() throws {
    let clock = try ClockCalibration(from: reading(500, 70), to: reading(3_500, 1_270))
    #expect(clock.nanosecondsPerCycle == 0.4)
    #expect(clock.cyclesPerNanosecond == 2.5)
    #expect(clock.relativeSpread == 0)
    #expect(clock.nanoseconds(cycles: 0) == 0)
    #expect(clock.nanoseconds(cycles: 2_500_000_000) == 1_000_000_000)
  }

  @Test func `cycles are rounded to the nearest nanosecond`() throws {
    let clock = try ClockCalibration(from: reading(0, 0), to: reading(4, 1))
    #expect((0...8).map { clock.nanoseconds(cycles: $0) } == [0, 0, 1, 1, 1, 1, 2, 2, 2])
  }

  @Test func `one cycle per nanosecond keeps all 64 bits`() throws {
    let clock = try ClockCalibration(from: reading(0, 0), to: reading(1_000, 1_000))
    #expect(clock.nanoseconds(cycles: .max) == .max)
  }

  @Test(arguments: [(1_000, 1), (2_496, 1_000), (3, 1), (24, 1_000), (1, 1_000_000)])
  func `fixed point agrees with floating point`(cycles: Int, nanoseconds: Int) throws {
    let end = reading(UInt64(cycles), UInt64(nanoseconds))
    let clock = try ClockCalibration(from: reading(0, 0), to: end)
    var random = RandomStream(Seed(5))
    for _ in 0..<1_000 {
      let elapsed = random.next() &>> (24 + random.below(40))
      let exact = Double(elapsed) * Double(nanoseconds) / Double(cycles)
      #expect(abs(Double(clock.nanoseconds(cycles: elapsed)) - exact) <= 0.5 + exact * 1e-6)
    }
  }

  @Test func `several readings give the median rate and its spread`() throws {
    // Rates 0.5 and 0.75 between neighbours, 0.625 over both: the deviations are 1/8, 1/8 and 0.
    let clock = try ClockCalibration([reading(0, 0), reading(100, 50), reading(200, 125)])
    #expect(clock.nanosecondsPerCycle == 0.625)
    #expect(clock.relativeSpread == 0.2)
  }

  @Test func `a torn reading is outvoted`() throws {
    // The third reading is 30 ns late; it takes part in 4 of the 10 rates.
    let clock = try ClockCalibration([
      reading(0, 0), reading(100, 50), reading(200, 130), reading(300, 150), reading(400, 200),
    ])
    #expect(clock.nanosecondsPerCycle == 0.5)
    #expect(clock.relativeSpread == 0)
  }

  @Test(arguments: [
    ClockReading(cycles: 100, nanoseconds: 10), ClockReading(cycles: 200, nanoseconds: 10),
    ClockReading(cycles: 200, nanoseconds: 9), ClockReading(cycles: 100, nanoseconds: 20),
    ClockReading(cycles: 99, nanoseconds: 20),
  ])
  func `a clock that does not advance is refused`(end: ClockReading) {
    let start = reading(100, 10)
    #expect(throws: CalibrationError.clockDidNotAdvance(from: start, to: end)) {
      try ClockCalibration(from: start, to: end)
    }
  }

  @Test func `a step back in the middle of the readings is refused`() {
    #expect(throws: CalibrationError.self) {
      try ClockCalibration([reading(0, 0), reading(200, 100), reading(100, 50), reading(300, 150)])
    }
  }

  @Test func `one reading is no calibration`() {
    #expect(throws: CalibrationError.tooFewReadings(1)) { try ClockCalibration([reading(1, 1)]) }
  }

  @Test func `a rate of no real counter is refused`() {
    #expect(throws: CalibrationError.implausibleRate(nanosecondsPerCycle: 2e6)) {
      try ClockCalibration(from: reading(0, 0), to: reading(1, 2_000_000))
    }
    #expect(throws: CalibrationError.implausibleRate(nanosecondsPerCycle: 0.0001)) {
      try ClockCalibration(from: reading(0, 0), to: reading(10_000, 1))
    }
  }

  @Test func `an error says what was wanted and what was given`() {
    let error = CalibrationError.clockDidNotAdvance(from: reading(5, 10), to: reading(6, 10))
    #expect(
      error.description
        == "between two readings cycles went from 5 to 6 and nanoseconds from 10 to 10; "
        + "both must advance")
  }
}
