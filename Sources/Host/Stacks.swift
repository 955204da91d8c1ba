// Stacks that are switched by hand, and batons that threads hand on: what a controlled run's pCPUs
// are carried by.

import CHost

/// Leaves the current stack for `to` and returns when somebody switches back; `from` receives the
/// place to switch back to.
@inlinable @inline(__always)
public func switchStack(
  from: UnsafeMutablePointer<UnsafeMutableRawPointer?>, to: UnsafeMutableRawPointer?
) {
  chost_switch_stack(from, to)
}

/// Memory for one stack, with a guard page below. Only what is touched becomes resident.
public final class StackMemory {
  /// Enough for a guest loop and for an oracle that writes a sentence.
  public static let bytes = 256 * 1024
  private let lowest: UnsafeMutableRawPointer

  /// Maps a stack.
  public init() {
    guard let lowest = chost_map_stack(Self.bytes) else {
      preconditionFailure("no memory for a stack of \(Self.bytes) bytes")
    }
    self.lowest = lowest
  }

  deinit { chost_unmap_stack(lowest, Self.bytes) }

  /// Where the stack begins: it grows down from here. Holds as long as the memory.
  public var top: UnsafeMutableRawPointer { lowest + Self.bytes }

  /// Forgets what runs on the stack and prepares it to run `body(argument)`, which must not return.
  /// Returns what to switch to.
  public func prepare(
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void,
    _ argument: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer? {
    prepareStack(at: top, body, argument)
  }
}

/// Prepares the stack that begins at `top` to run `body(argument)`, which must not return. Returns
/// what to switch to.
@inlinable @inline(__always)
public func prepareStack(
  at top: UnsafeMutableRawPointer, _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void,
  _ argument: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer? {
  chost_prepare_stack(top, body, argument)
}

/// Lets one thread of several go on: the one that holds the baton.
public struct Baton: @unchecked Sendable {
  private let word: UnsafeMutablePointer<UInt32>

  /// A baton that nobody holds, on lines of its own.
  public init() {
    word = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
      .bindMemory(to: UInt32.self, capacity: 32)
    word.initialize(repeating: 0, count: 32)
  }

  /// Frees it; nobody waits.
  public func deallocate() { word.deallocate() }

  /// Gives it to the thread that waits for it, or will wait.
  public func give() { chost_unpark(word) }
  /// Waits for it and takes it. What was done before `give` is visible behind it.
  public func take() { chost_park(word) }
}
