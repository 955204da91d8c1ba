// The memory of a recording machine: values in an array, and for each place the name it was made
// under.

import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// A word of a recording machine: a position in its memory.
public struct RecordedWord: Handle, Hashable {
  /// Position among all places.
  public let place: Int

  public func advanced(by places: Int) -> RecordedWord { RecordedWord(place: place + places) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// A cell of a recording machine: a position in its memory.
public struct RecordedCell: Handle, Hashable {
  /// Position among all places.
  public let place: Int

  public func advanced(by places: Int) -> RecordedCell { RecordedCell(place: place + places) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// The places of all words and cells.
///
/// Sendable although it is not safe: a recording machine belongs to one thread, all its pCPUs do.
public final class RecordingMemory: MachineMemory, @unchecked Sendable {
  /// Of words on lines of their own. Between two there is a place that holds no word, so that a
  /// wrong stride is noticed.
  public static let lineStride = 2

  /// The values of all places. May be kept and put back: handles stay valid.
  public var values: [UInt64] = []

  private var objects: [RecordedObject?] = []
  private var places: [RecordedObject: Int] = [:]
  private var countsByName: [String: Int] = [:]
  private var blocks: [UnsafeMutableRawPointer] = []

  /// An empty memory.
  public init() {}

  deinit { blocks.forEach { $0.deallocate() } }

  public func words(
    _ count: Int, initially initial: UInt64, _ placement: Placement, named name: StaticString
  ) -> Bank<RecordedWord> {
    let stride = placement == .ownLine ? RecordingMemory.lineStride : 1
    let first = make(count, stride: stride, initially: initial, named: "\(name)")
    return Bank(first: RecordedWord(place: first), stride: stride, count: count)
  }

  public func cells(
    _ count: Int, initially initial: UInt64, named name: StaticString
  ) -> Bank<RecordedCell> {
    let first = make(count, stride: 1, initially: initial, named: "\(name)")
    return Bank(first: RecordedCell(place: first), stride: 1, count: count)
  }

  public func fixed<Value: Sendable>(_ value: Value) -> Fixed<Value> {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(MemoryLayout<Value>.size, 1), alignment: MemoryLayout<Value>.alignment)
    blocks.append(block)
    return Fixed(UnsafePointer(block.initializeMemory(as: Value.self, to: value)))
  }

  /// The value at a place, without an operation; nil if no place has that name.
  public func value(of name: String, _ index: Int = 0) -> UInt64? {
    places[RecordedObject(name, index)].map { values[$0] }
  }

  /// The values of all places of a name, in the order in which they were made.
  public func values(of name: String) -> [UInt64] {
    (0..<countsByName[name, default: 0]).compactMap { value(of: name, $0) }
  }

  /// How a place is called. Stops at one that is none: a handle went astray.
  func object(at place: Int) -> RecordedObject {
    guard objects.indices.contains(place), let object = objects[place] else {
      fatalError("place \(place) holds no word and no cell")
    }
    return object
  }

  private func make(_ count: Int, stride: Int, initially initial: UInt64, named name: String) -> Int
  {
    let first = values.count
    let known = countsByName[name, default: 0]
    for index in 0..<count {
      let object = RecordedObject(name, known + index)
      places[object] = values.count
      objects.append(object)
      objects += Array(repeating: nil, count: stride - 1)
      values += Array(repeating: initial, count: stride)
    }
    countsByName[name] = known + count
    return first
  }
}
