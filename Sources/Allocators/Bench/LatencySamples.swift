// Single calls, timed one by one.

import Host
import Measurement

/// The latencies of single calls, those during which the kernel took the thread off its CPU apart.
public struct LatencySamples: ~Copyable {
  /// Latencies in nanoseconds, the reading of the clock included.
  public var histogram = Histogram()
  /// Calls that were interrupted by the host's scheduler: counted, not in the histogram.
  public private(set) var preempted: UInt64 = 0
  @usableFromInline let calibration: ClockCalibration
  private var switches: UInt64

  /// Above this a call is looked at more closely. No call without a pause takes as long, and the
  /// question costs a system call.
  @usableFromInline static var suspiciousNanoseconds: UInt64 { 2000 }

  /// No samples yet. Made on the thread that takes them.
  public init(_ calibration: ClockCalibration) {
    self.calibration = calibration
    switches = contextSwitchesOfThisThread()
  }

  /// Adds a call that took `ticks` of the time-stamp counter.
  @inlinable @inline(__always)
  public mutating func add(ticks: UInt64) {
    let nanoseconds = calibration.nanoseconds(cycles: ticks)
    if nanoseconds > LatencySamples.suspiciousNanoseconds, wasPreempted() { return }
    histogram.record(nanoseconds)
  }

  /// Whether the thread has lost its CPU since the question was last asked.
  @usableFromInline @inline(never)
  mutating func wasPreempted() -> Bool {
    let now = contextSwitchesOfThisThread()
    if now == switches { return false }
    switches = now
    preempted += 1
    return true
  }
}
