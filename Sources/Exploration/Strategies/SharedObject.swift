// Objects that more than one pCPU goes to: those whose order of accesses is worth sampling.

import Machines

/// An object with the events of each pCPU that go to it, as estimated.
public struct SharedObject: Equatable, Sendable {
  /// Its number: that of a word, or one of the two beyond all words.
  public let object: Int
  /// Events of each pCPU.
  public let events: [Int]

  /// An object with `events[i]` events of pCPU i.
  public init(object: Int, events: [Int]) {
    self.object = object
    self.events = events
  }

  /// Who is in which guest: entries and exits.
  public static let guests = ControlledMemory.capacity
  /// Flushes: invalidations, and waiting for them.
  public static let flushes = ControlledMemory.capacity + 1

  /// The object that a pending operation goes to; -1 if it is none of those. An operation of the
  /// hardware's is told by its kind: the number in it is no word's.
  @inline(__always)
  static func object(of operation: ControlledOperation) -> Int {
    if operation.kind.isOnWord { return operation.object }
    if operation.kind.movesGuests { return guests }
    return operation.kind == .invalidate || operation.kind == .waitForInvalidations ? flushes : -1
  }
}
