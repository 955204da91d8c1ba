// Landmarks in the machine code of a guest loop. `StraightCodeTests` disassembles the release
// binary, finds them, and checks every path between them.

import CHost

/// No-operations that a test recognises in the disassembly.
public enum Landmark {
  /// The allocator is about to be asked for a tag.
  @inlinable @inline(__always) public static func entry() { chost_landmark_entry() }
  /// `put` has just stored its marker.
  @inlinable @inline(__always) public static func put() { chost_landmark_put() }
  /// From here on locked instructions are allowed until the next entry.
  @inlinable @inline(__always) public static func detour() { chost_landmark_detour() }
}
