/// B73L: a fault logs a write before it takes the lock. Whoever takes the page out of the log in between
/// protects it before it may be written, and has what was logged of a write that is still to come.
enum WriteLoggedBeforeLock: Stage2Rules {
  static var logsUnderLock: Bool { false }
}
