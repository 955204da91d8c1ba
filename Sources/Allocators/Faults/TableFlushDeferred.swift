/// B73: unmapping puts off the flush of tables as it does that of leaves, and gives them back meanwhile.
/// A walk that remembers such a table goes on in memory that is somebody else's.
enum TableFlushDeferred: Stage2Rules {
  static func flushesTableNow(defersLeaves: Bool) -> Bool { !defersLeaves }
}
