// Time: the counter that is cheap enough for a fast path, and the clock that tells seconds.

import CHost
import Glibc

/// The clocks of a run.
public enum CycleClock {
  /// Ticks of the time-stamp counter, read after everything before it has ended. These machines
  /// give no access to a performance counter, so "cycles" are ticks of this constant-rate counter.
  @inlinable @inline(__always) public static func cycles() -> UInt64 { chost_cycles() }

  /// Nanoseconds of the monotonic clock.
  public static func nanoseconds() -> UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }

  /// Nanoseconds for which the calling thread has been on a CPU. What else the machine does is not
  /// in them, so a budget in this time buys the same work on a busy machine.
  public static func threadNanoseconds() -> UInt64 { nanoseconds(of: CLOCK_THREAD_CPUTIME_ID) }

  private static func nanoseconds(of clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Tells the core that the caller spins.
@inlinable @inline(__always) public func spinHint() { chost_spin_hint() }

/// Lets another thread of this core run.
public func yieldCore() { sched_yield() }

/// Sleeps for about `duration`.
public func sleepThread(for duration: Duration) {
  let (seconds, attoseconds) = duration.components
  var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
  var time = left
  while nanosleep(&time, &left) != 0 && errno == EINTR { time = left }
}
