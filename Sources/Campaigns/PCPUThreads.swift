// The pthreads of a run's pCPUs.

import Allocators
import Host
import Synchronization

/// One pthread for each simulated pCPU, spread over the CPUs that the process may use.
final class PCPUThreads {
  /// Threads that do not come back this long after they were asked to are given up.
  let patience: Duration

  private let prepared: PreparedSoak
  private let running = RunningCount()
  private var threads: [PinnedThread] = []

  init(_ prepared: PreparedSoak, patience: Duration) {
    self.prepared = prepared
    self.patience = patience
  }

  func start() {
    let cpus = HostDescription.current().allowedCPUs
    running.count.store(prepared.bodies.count, ordering: .relaxed)
    threads = prepared.bodies.enumerated().map { index, body in
      let cpu = cpus.isEmpty ? nil : cpus[index % cpus.count]
      return PinnedThread(name: "pcpu-\(index)", cpu: cpu) { [running] in
        body()
        running.count.subtract(1, ordering: .releasing)
      }
    }
  }

  /// Ends all; false if some did not come back. Those are left alone, and so is all memory that
  /// they may still touch.
  func stopAndJoin() -> Bool {
    prepared.stop()
    var waited: Duration = .zero
    while running.count.load(ordering: .acquiring) > 0, waited < patience {
      sleepThread(for: .milliseconds(1))
      waited += .milliseconds(1)
    }
    guard running.count.load(ordering: .acquiring) == 0 else {
      threads.forEach { $0.abandon() }
      _ = Unmanaged.passRetained(prepared)
      return false
    }
    threads.forEach { $0.join() }
    return true
  }
}

/// How many pCPUs still run.
private final class RunningCount: Sendable {
  let count = Atomic<Int>(0)
}
