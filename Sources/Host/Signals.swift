// Signals, taken by a thread that waits for them: nothing runs in a signal handler.

import Glibc
import Synchronization

/// What the user has asked for by signal.
public final class Signals: Sendable {
  private let stopRequests = Atomic<Int>(0)
  private let statusRequests = Atomic<Int>(0)

  /// Blocks SIGINT, SIGTERM and SIGUSR1 for all threads that start from here on and takes them on
  /// a thread of its own; ignores SIGPIPE, so that a closed stdout is an error and not a death.
  /// Called once, before any other thread starts.
  public init() {
    signal(SIGPIPE, SIG_IGN)
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGUSR1] { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waited = set
    _ = PinnedThread(name: "signals", cpu: nil) { [self] in
      var set = waited
      while true {
        var number: Int32 = 0
        guard sigwait(&set, &number) == 0 else { return }
        if number == SIGUSR1 {
          statusRequests.add(1, ordering: .relaxed)
        } else {
          // The second one is for a user who does not want to wait.
          if stopRequests.add(1, ordering: .relaxed).newValue > 1 { _exit(130) }
        }
      }
    }
  }

  /// Whether SIGINT or SIGTERM has come.
  public var wantsStop: Bool { stopRequests.load(ordering: .relaxed) > 0 }

  /// Whether SIGUSR1 has come since the last call.
  public func takeStatusRequest() -> Bool {
    statusRequests.exchange(0, ordering: .relaxed) > 0
  }
}
