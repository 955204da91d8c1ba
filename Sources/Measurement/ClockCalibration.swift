// How long a cycle of the cycle counter takes. Arithmetic only; `Host` reads the clocks.

/// Both clocks, read at one moment.
public struct ClockReading: Sendable, Equatable {
  /// What the cycle counter said.
  public let cycles: UInt64
  /// What the monotonic clock said.
  public let nanoseconds: UInt64

  /// Both clocks, read at one moment.
  public init(cycles: UInt64, nanoseconds: UInt64) {
    self.cycles = cycles
    self.nanoseconds = nanoseconds
  }
}

/// Why readings of the clocks give no rate.
public enum CalibrationError: Error, Equatable {
  /// A rate needs two readings.
  case tooFewReadings(Int)
  /// One of the two clocks stood still or ran backwards between two readings that follow each other.
  case clockDidNotAdvance(from: ClockReading, to: ClockReading)
  /// No real counter ticks like this; one of the clocks is not what it is taken for.
  case implausibleRate(nanosecondsPerCycle: Double)
}

extension CalibrationError: CustomStringConvertible {
  /// What was wanted and what was given.
  public var description: String {
    switch self {
    case .tooFewReadings(let count):
      "calibration needs two readings of the clocks, but there are \(count)"
    case .clockDidNotAdvance(let from, let to):
      "between two readings cycles went from \(from.cycles) to \(to.cycles) and nanoseconds from "
        + "\(from.nanoseconds) to \(to.nanoseconds); both must advance"
    case .implausibleRate(let rate):
      "a cycle of \(rate) ns: outside of \(ClockCalibration.plausibleNanosecondsPerCycle)"
    }
  }
}

/// The rate of the cycle counter, and the conversion that a measuring loop uses.
public struct ClockCalibration: Sendable, Equatable {
  /// Nanoseconds that one cycle takes.
  public let nanosecondsPerCycle: Double

  /// How far apart the single rates were: their median absolute deviation as a share of the median.
  /// 0 with two readings, which give one rate; it takes three to see a spread.
  public let relativeSpread: Double

  /// `nanosecondsPerCycle` in units of 2^-32 ns.
  @usableFromInline let scale: UInt64

  /// From a counter of 1 THz to one of 1 kHz. Within these `scale` has at least 22 bits and fits.
  public static var plausibleNanosecondsPerCycle: ClosedRange<Double> { 0.001...1_000_000 }

  /// The rate between two readings.
  public init(from start: ClockReading, to end: ClockReading) throws(CalibrationError) {
    try self.init([start, end])
  }

  /// The median of the rates between every two of `readings`, which are in the order of time
  /// (Theil, 1950; Sen, 1968). A reading torn by an interrupt spoils only the rates that it takes
  /// part in, and the long distances, which are the precise ones, all count.
  ///
  /// - Throws: if there are fewer than two readings, a clock did not advance from one to the next,
  ///   or the rate is not plausible.
  /// - Complexity: O(n^2 log n).
  public init(_ readings: [ClockReading]) throws(CalibrationError) {
    guard readings.count >= 2 else { throw .tooFewReadings(readings.count) }
    for (earlier, later) in zip(readings, readings.dropFirst())
    where later.cycles <= earlier.cycles || later.nanoseconds <= earlier.nanoseconds {
      throw .clockDidNotAdvance(from: earlier, to: later)
    }
    var rates: [Double] = []
    for (index, earlier) in readings.enumerated() {
      for later in readings[(index + 1)...] {
        rates.append(
          Double(later.nanoseconds - earlier.nanoseconds) / Double(later.cycles - earlier.cycles))
      }
    }
    let samples = Samples(rates)
    guard Self.plausibleNanosecondsPerCycle.contains(samples.median) else {
      throw .implausibleRate(nanosecondsPerCycle: samples.median)
    }
    nanosecondsPerCycle = samples.median
    relativeSpread = samples.relativeSpread
    scale = UInt64((samples.median * 0x1p32).rounded())
  }

  /// Cycles per nanosecond, which is also the counter's rate in GHz.
  public var cyclesPerNanosecond: Double { 1 / nanosecondsPerCycle }

  /// How long `cycles` take, rounded to the nearest nanosecond.
  ///
  /// Fixed point: one multiplication, an addition and a shift; no conversion to floating point and
  /// back. Exact to 1 part in 10^6 at 1 THz and in 10^9 at 1 GHz, apart from the rounding. A result
  /// of more than 64 bits (584 years) wraps.
  @inlinable @inline(__always)
  public func nanoseconds(cycles: UInt64) -> UInt64 {
    let product = UInt128(cycles) &* UInt128(scale) &+ 0x8000_0000
    return UInt64(truncatingIfNeeded: product &>> 32)
  }
}
