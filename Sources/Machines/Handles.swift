// Places in a machine's memory. They are made before the pCPUs start and are handles: small
// Copyable values, so that an allocator's state is a struct of them and owns nothing.

import Domain

/// Names a place in a machine's memory. Copies name the same place.
public protocol Handle: Sendable {
  /// The place `places` further on; a place is 8 bytes.
  func advanced(by places: Int) -> Self
}

/// Places made together: one per pCPU, per VM, per page or per 64 tags.
public struct Bank<Element: Handle>: Sendable {
  @usableFromInline let first: Element
  @usableFromInline let stride: Int
  /// How many there are.
  public let count: Int

  /// `count` places from `first` on, `stride` places apart.
  @inlinable public init(first: Element, stride: Int, count: Int) {
    self.first = first
    self.stride = stride
    self.count = count
  }

  /// The place at `index`. Not checked in release builds: this is the fast path.
  @inlinable @inline(__always)
  public subscript(index: Int) -> Element {
    assert(index >= 0 && index < count, "place \(index) of \(count)")
    return first.advanced(by: index &* stride)
  }

  /// The place of `pcpu`.
  @inlinable @inline(__always)
  public subscript(pcpu: PCPU) -> Element { self[pcpu.index] }
}

/// A spin lock: a word that is 0 when free and the holder's number + 1 when held. Acquiring is an
/// operation of the machine, since a scheduler must see it.
public struct Lock<Word: Handle>: Sendable {
  /// The word. Only a fault touches it directly.
  public let word: Word

  /// The lock that lives in `word`.
  @inlinable public init(_ word: Word) { self.word = word }
}

/// Where words lie.
public enum Placement: Sendable {
  /// Each on lines of its own, 128 bytes apart (two lines: the prefetcher takes pairs).
  case ownLine
  /// Side by side, eight on a line.
  case packed
}

/// Makes places, before the pCPUs start.
public protocol MachineMemory<Word, Cell> {
  associatedtype Word: Handle
  associatedtype Cell: Handle

  /// `count` words, all of value `initial`.
  func words(
    _ count: Int, initially initial: UInt64, _ placement: Placement, named name: StaticString
  ) -> Bank<Word>

  /// `count` cells, all of value `initial`, side by side.
  func cells(_ count: Int, initially initial: UInt64, named name: StaticString) -> Bank<Cell>

  /// Whose places are made from now on, such as `VM 0`: for names in traces.
  func nowMaking(_ owner: String)

  /// A place for handles and constants that never change, as long-lived as the memory. A struct of
  /// more than four words is copied at every call that is not inlined; a pointer to it is not.
  func fixed<Value: Sendable>(_ value: Value) -> Fixed<Value>
}

/// A value that never changes, by reference. `Value` is a struct of handles and numbers: it is
/// never destroyed.
///
/// Sendable because nobody writes it.
public struct Fixed<Value: Sendable>: @unchecked Sendable {
  @usableFromInline let pointer: UnsafePointer<Value>

  /// The value at `pointer`, which outlives every use.
  @inlinable public init(_ pointer: UnsafePointer<Value>) { self.pointer = pointer }

  /// The value, read in place.
  @inlinable @inline(__always)
  public var value: Value { pointer.pointee }
}

extension MachineMemory {
  /// Nothing: only memory whose traces are read keeps names.
  public func nowMaking(_ owner: String) {}

  /// One word on a line of its own.
  @inlinable
  public func word(initially initial: UInt64, named name: StaticString) -> Word {
    words(1, initially: initial, .ownLine, named: name)[0]
  }

  /// One cell.
  @inlinable
  public func cell(initially initial: UInt64, named name: StaticString) -> Cell {
    cells(1, initially: initial, named: name)[0]
  }

  /// A free lock.
  @inlinable
  public func lock(named name: StaticString) -> Lock<Word> {
    Lock(word(initially: 0, named: name))
  }
}
