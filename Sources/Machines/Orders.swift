// Memory orderings as data. A live machine folds them away; a controlled one judges by them.
//
// Three types, as in swift-atomics, so that a load cannot be asked to release.

/// The ordering of a load.
public enum LoadOrder: String, Sendable {
  case relaxed, acquire, sequentiallyConsistent
}

/// The ordering of a store.
public enum StoreOrder: String, Sendable {
  case relaxed, release, sequentiallyConsistent
}

/// The ordering of a read-modify-write.
public enum UpdateOrder: String, Sendable {
  case relaxed, acquire, release, acquireRelease, sequentiallyConsistent
  /// Linux's unsuffixed value-returning read-modify-writes: a full barrier before and after, which
  /// is more than `sequentiallyConsistent`.
  case fullyOrdered
}

/// A barrier without an access.
public enum FenceOrder: String, Sendable {
  case acquire, release
  /// `smp_wmb`: stores before it are visible before stores after it.
  case storeStore
  /// `smp_rmb`: loads before it are done before loads after it.
  case loadLoad
  /// `smp_mb`.
  case full
  /// What the kernel's scheduler does between two tasks: a full barrier.
  case contextSwitch
}
