// A lock for cold paths: findings, results. The thread sanitizer knows a pthread mutex; it reports
// falsely on `Synchronization.Mutex`.

import Glibc

/// A value and the pthread mutex that guards it.
///
/// Sendable because the value is reached through `withLock` only.
public final class HostLock<Value: ~Copyable>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  /// A free lock around `value`.
  public init(_ value: consuming Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    let error = pthread_mutex_init(mutex, nil)
    precondition(error == 0, "pthread_mutex_init failed with error \(error)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the value while no one else has it.
  public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
