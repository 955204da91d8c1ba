// What objdump prints, as instructions that a program can follow. GNU's and LLVM's spelling are
// both read (AT&T syntax, no raw bytes).

/// A place in the code: an address, and the symbol that objdump puts beside it.
struct CodePlace: Hashable, Sendable {
  let address: UInt64
  /// `name` or `name+0x1f`; empty if none was printed.
  let label: String

  /// The symbol that starts exactly here; nil in the middle of one.
  var symbol: String? { label.isEmpty || label.contains("+0x") ? nil : label }
}

/// One instruction.
struct Instruction: Equatable, Sendable {
  let address: UInt64
  /// `lock`, `rep` and their like.
  let prefixes: [String]
  let mnemonic: String
  let operands: [String]
  /// Where a direct jump or call goes.
  let target: CodePlace?
}

/// A symbol and what follows it, up to the next symbol. Functions without a symbol (the compiler
/// gives private ones none) are part of the one before them, as in objdump's listing.
struct CodeFunction: Sendable {
  let symbol: String
  /// Lowest address first; never empty.
  let instructions: [Instruction]
}

/// The functions of a binary that somebody wants to look at.
struct Disassembly: Sendable {
  /// Every symbol of the code, kept or not.
  private(set) var symbols: [String] = []
  private(set) var functions: [CodeFunction] = []
  /// Address -> (function, instruction).
  private var places: [UInt64: (function: Int, instruction: Int)] = [:]

  /// Reads a listing; instructions of functions that are not kept are skipped.
  init(_ listing: String, keeping isKept: (String) -> Bool = { _ in true }) {
    var reader: FunctionReader?
    // Bytes: a listing has hundreds of thousands of lines, and characters are slow.
    for bytes in listing.utf8.split(separator: UInt8(ascii: "\n")) {
      if bytes.suffix(2).elementsEqual(">:".utf8) {
        add(reader)
        reader = nil
        guard let symbol = ListingLine.symbol(Substring(bytes)) else { continue }
        symbols.append(symbol)
        if isKept(symbol) { reader = FunctionReader(symbol) }
      } else {
        reader?.read(Substring(bytes))
      }
    }
    add(reader)
  }

  private mutating func add(_ reader: FunctionReader?) {
    guard let reader, !reader.instructions.isEmpty else { return }
    for (index, instruction) in reader.instructions.enumerated() {
      places[instruction.address] = (functions.count, index)
    }
    functions.append(CodeFunction(symbol: reader.symbol, instructions: reader.instructions))
  }

  func function(_ symbol: String) -> CodeFunction? { functions.first { $0.symbol == symbol } }

  /// The function that the instruction at `address` is listed in.
  func function(at address: UInt64) -> CodeFunction? {
    places[address].map { functions[$0.function] }
  }

  func instruction(at address: UInt64) -> Instruction? {
    places[address].map { functions[$0.function].instructions[$0.instruction] }
  }

  /// The instruction that runs next if the one at `address` does not jump; nil behind the last one
  /// of a function.
  func instruction(after address: UInt64) -> Instruction? {
    guard let place = places[address] else { return nil }
    let instructions = functions[place.function].instructions
    return place.instruction + 1 < instructions.count
      ? instructions[place.instruction + 1] : nil
  }
}

/// Collects the instructions of one function.
private struct FunctionReader {
  let symbol: String
  var instructions: [Instruction] = []
  /// LLVM prints a prefix on a line of its own.
  private var pending: (address: UInt64, prefixes: [String])?

  init(_ symbol: String) { self.symbol = symbol }

  mutating func read(_ text: Substring) {
    guard let line = ListingLine(text) else { return }
    let prefixes = (pending?.prefixes ?? []) + line.prefixes
    let address = pending?.address ?? line.address
    if line.mnemonic.isEmpty {
      pending = (address, prefixes)
      return
    }
    pending = nil
    instructions.append(
      Instruction(
        address: address, prefixes: prefixes, mnemonic: line.mnemonic, operands: line.operands,
        target: line.target))
  }
}
