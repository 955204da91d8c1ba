import Testing

/// Tests that soak on real threads: one at a time, or they take each other's CPUs.
@Suite("Real threads", .serialized) enum RealThreads {
  /// Races with a window of a few instructions show in optimised code only: in a debug build the
  /// guest loop is not compiled for its allocator, and the way through the window is ten times as
  /// long as the window.
  static var isOptimised: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  /// What a skipped test says.
  static let whySkipped: Comment =
    "needs a release build: swift test -c release -Xswiftc -enable-testing --filter DetectionTests"
}
