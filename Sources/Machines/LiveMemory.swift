// Native memory: words are `Atomic`s, cells are plain, and everything is made before the pCPUs
// start, so that a run's memory is fixed.

import Domain
import Synchronization

/// A word in native memory.
///
/// Sendable because every access goes through `Atomic`, and the memory outlives the run.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct LiveWord: Handle, @unchecked Sendable {
  @usableFromInline let address: UnsafeMutablePointer<Atomic<UInt64>>

  @inlinable init(_ address: UnsafeMutablePointer<Atomic<UInt64>>) { self.address = address }

  @inlinable @inline(__always)
  public func advanced(by places: Int) -> LiveWord { LiveWord(address + places) }

  /// Reads the word without order: for counters and reports.
  @inlinable @inline(__always)
  public var value: UInt64 { address.pointee.load(ordering: .relaxed) }

  /// Reads the word with acquire order: for oracles that look from outside.
  public var acquiredValue: UInt64 { address.pointee.load(ordering: .acquiring) }

  /// Writes `value` unless the word holds a higher one. For what a run's phase is kept in.
  public func raise(to value: UInt64) {
    _ = address.pointee.max(value, ordering: .relaxed)
  }

  /// Exchanges the word's value, `value`, with itself: the bare instruction that a fast path can
  /// never be faster than. Returns the value seen.
  @inlinable @inline(__always)
  public func compareExchangeBare(_ value: UInt64) -> UInt64 {
    address.pointee.compareExchange(expected: value, desired: value, ordering: .relaxed).original
  }

  /// Adds to a word that only the caller writes: a plain add, no locked instruction.
  @inlinable @inline(__always)
  public func addAlone(_ amount: UInt64) {
    address.pointee.store(
      address.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }
}

/// Plain native memory.
///
/// Not safe by itself: the allocator's lock makes it so. The thread sanitizer checks that it does.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct LiveCell: Handle, @unchecked Sendable {
  @usableFromInline let address: UnsafeMutablePointer<UInt64>

  @inlinable init(_ address: UnsafeMutablePointer<UInt64>) { self.address = address }

  @inlinable @inline(__always)
  public func advanced(by places: Int) -> LiveCell { LiveCell(address + places) }
}

/// Owns the words and cells of a run. Dies after its pCPUs.
///
/// Sendable because it is filled by one thread before the others start.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public final class LiveMemory: MachineMemory, @unchecked Sendable {
  /// Two lines: adjacent ones are fetched in pairs.
  public static let lineBytes = 128

  private var blocks: [UnsafeMutableRawPointer] = []

  /// An empty memory.
  public init() {}

  deinit { blocks.forEach { $0.deallocate() } }

  public func words(
    _ count: Int, initially initial: UInt64, _ placement: Placement, named name: StaticString
  ) -> Bank<LiveWord> {
    let stride = placement == .ownLine ? LiveMemory.lineBytes / 8 : 1
    let places = block(of: count * stride).bindMemory(
      to: Atomic<UInt64>.self, capacity: count * stride)
    for place in 0..<(count * stride) { (places + place).initialize(to: Atomic(initial)) }
    return Bank(first: LiveWord(places), stride: stride, count: count)
  }

  public func cells(
    _ count: Int, initially initial: UInt64, named name: StaticString
  ) -> Bank<LiveCell> {
    let places = block(of: count).bindMemory(to: UInt64.self, capacity: count)
    places.initialize(repeating: initial, count: count)
    return Bank(first: LiveCell(places), stride: 1, count: count)
  }

  public func fixed<Value: Sendable>(_ value: Value) -> Fixed<Value> {
    let place = block(of: (MemoryLayout<Value>.stride + 7) / 8).bindMemory(
      to: Value.self, capacity: 1)
    place.initialize(to: value)
    return Fixed(UnsafePointer(place))
  }

  /// Room for `count` values of a trivial type, on lines of its own, initialised to `value`.
  @inlinable
  public func array<Value: BitwiseCopyable>(
    of count: Int, _ value: Value
  ) -> UnsafeMutablePointer<Value> {
    let places = (count * MemoryLayout<Value>.stride + 7) / 8
    let start = block(of: places).bindMemory(to: Value.self, capacity: count)
    start.initialize(repeating: value, count: count)
    return start
  }

  /// `places` times 8 bytes, beginning and ending on a line's border.
  @usableFromInline
  func block(of places: Int) -> UnsafeMutableRawPointer {
    let line = LiveMemory.lineBytes
    let bytes = (max(places, 1) * 8 + line - 1) / line * line
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: line)
    blocks.append(block)
    return block
  }
}
