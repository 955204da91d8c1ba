// The memory of a controlled run: words and cells by number, in the order in which they are made.
// Numbers, never addresses, stand in traces, so that two processes write the same trace.

import Domain

/// A word of a controlled run.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct ControlledWord: Handle {
  /// Its number.
  public let number: Int

  @inlinable @inline(__always) public init(_ number: Int) { self.number = number }

  @inlinable @inline(__always)
  public func advanced(by places: Int) -> ControlledWord { ControlledWord(number &+ places) }
}

/// A cell of a controlled run.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct ControlledCell: Handle {
  /// Its number.
  public let number: Int

  @inlinable @inline(__always) init(_ number: Int) { self.number = number }

  @inlinable @inline(__always)
  public func advanced(by places: Int) -> ControlledCell { ControlledCell(number &+ places) }
}

/// Makes the words and cells of a controlled program and keeps their first values. An engine copies
/// them at the start of every execution.
///
/// Sendable because it is filled by one thread and only read afterwards.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public final class ControlledMemory: MachineMemory, @unchecked Sendable {
  /// The most words, and the most cells, of one program.
  public static let capacity = 1 << 16

  /// The first values of the words, by number.
  public private(set) var wordNames: [String] = []
  /// The names of the cells, by number.
  public private(set) var cellNames: [String] = []
  private var owner = ""
  /// The names of what was made in banks of two places and more.
  public private(set) var bankNames: Set<String> = []
  /// The name of banks that say that they have one place fewer, so that a loop over them misses the
  /// last: in one kind of mutant.
  private let shortBank: String?
  /// The word with a bit for each pCPU that is online; 0 without.
  public private(set) var onlineWord = 0
  /// The first of the pCPUs' run locks; 0 without.
  public private(set) var runLocks = 0

  let port: UnsafeMutablePointer<ControlledPort>
  let words: UnsafeMutablePointer<UInt64>
  let cells: UnsafeMutablePointer<UInt64>
  private var fixedValues: [UnsafeMutableRawPointer] = []

  /// An empty memory.
  public init(pcpuCount: Int, shortBank: String? = nil) {
    self.shortBank = shortBank
    words = .allocate(capacity: Self.capacity)
    words.initialize(repeating: 0, count: Self.capacity)
    cells = .allocate(capacity: Self.capacity)
    cells.initialize(repeating: 0, count: Self.capacity)
    port = .allocate(capacity: 1)
    port.initialize(
      to: ControlledPort(
        perform: performDirectly, readCell: readDirectly, writeCell: writeDirectly,
        pcpuCount: pcpuCount, words: words))
    port.pointee.cells = cells
  }

  deinit {
    words.deallocate()
    cells.deallocate()
    port.deinitialize(count: 1).deallocate()
    fixedValues.forEach { $0.deallocate() }
  }

  /// The first values of the words.
  public var initialWords: [UInt64] { (0..<wordNames.count).map { words[$0] } }
  /// The first values of the cells.
  public var initialCells: [UInt64] { (0..<cellNames.count).map { cells[$0] } }

  /// Of the first 64 tags those that somebody has from the start: a bit each.
  public var initiallyHeldTags: UInt64 { port.pointee.heldTags }

  /// A machine that changes the first values: it carries every operation out at once. Holds as
  /// long as the memory.
  public var setupMachine: ControlledMachine { ControlledMachine(port: port, pcpu: PCPU(0)) }

  public func words(
    _ count: Int, initially initial: UInt64, _ placement: Placement, named name: StaticString
  ) -> Bank<ControlledWord> {
    let first = wordNames.count
    precondition(first + count <= Self.capacity, "a program has at most 65,536 words")
    (words + first).update(repeating: initial, count: count)
    wordNames += names(count, name)
    return Bank(first: ControlledWord(first), stride: 1, count: told(count, name))
  }

  public func cells(
    _ count: Int, initially initial: UInt64, named name: StaticString
  ) -> Bank<ControlledCell> {
    let first = cellNames.count
    precondition(first + count <= Self.capacity, "a program has at most 65,536 cells")
    (cells + first).update(repeating: initial, count: count)
    cellNames += names(count, name)
    return Bank(first: ControlledCell(first), stride: 1, count: told(count, name))
  }

  /// How many places a new bank says that it has.
  private func told(_ count: Int, _ name: StaticString) -> Int {
    if count < 2 { return count }
    bankNames.insert("\(name)")
    return shortBank == "\(name)" ? count - 1 : count
  }

  public func nowMaking(_ owner: String) { self.owner = owner }

  /// Makes the word that says which of `pcpus` are online, because some go.
  public func makeOnlineWord(pcpus: Int) {
    if wordNames.isEmpty { _ = words(1, initially: 0, .packed, named: "nothing") }
    onlineWord =
      words(
        1, initially: PCPUSet(first: pcpus).rawValue, .ownLine, named: "online pCPUs"
      ).first.number
  }

  /// Makes a lock for each of `pcpus`, because tasks share them.
  public func makeRunLocks(pcpus: Int) {
    // Number 0 says that there are none.
    if wordNames.isEmpty { _ = words(1, initially: 0, .packed, named: "nothing") }
    runLocks = words(pcpus, initially: 0, .ownLine, named: "pCPU").first.number
  }

  public func fixed<Value: Sendable>(_ value: Value) -> Fixed<Value> {
    let place = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    place.initialize(to: value)
    fixedValues.append(UnsafeMutableRawPointer(place))
    return Fixed(UnsafePointer(place))
  }

  private func names(_ count: Int, _ name: StaticString) -> [String] {
    let whole = owner.isEmpty ? "\(name)" : "\(owner) \(name)"
    return count == 1 ? [whole] : (0..<count).map { "\(whole)[\($0)]" }
  }
}

/// Carries an operation out at once, for what is made before the pCPUs start: nobody else is there,
/// so nothing is a schedule point and nothing waits.
private let performDirectly: ControlledCall = { raw, bits, a, b in
  let port = raw.assumingMemoryBound(to: ControlledPort.self)
  let operation = ControlledOperation(bits: bits)
  let word = port.pointee.words + operation.object
  let seen = word.pointee
  switch operation.kind {
  case .load: return seen
  case .store, .exchange: word.pointee = a
  case .add:
    word.pointee = seen &+ a
    return seen &+ a
  case .or: word.pointee = seen | a
  case .compareExchange: if seen == a { word.pointee = b }
  case .wait: return seen
  case .acquire: word.pointee = 1
  case .release: word.pointee = 0
  case .tagAllocated where a < 64: port.pointee.heldTags |= 1 << a
  case .tagFreed where a < 64: port.pointee.heldTags &= ~(1 << a)
  case .bug: preconditionFailure("a bug before the pCPUs start")
  default: return 0
  }
  return seen
}

private let readDirectly: CellCall = { raw, number, _ in
  raw.assumingMemoryBound(to: ControlledPort.self).pointee.cells[number]
}

private let writeDirectly: CellCall = { raw, number, value in
  raw.assumingMemoryBound(to: ControlledPort.self).pointee.cells[number] = value
  return 0
}
