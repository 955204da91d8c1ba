// The structure of a scenario file: JSON5 (json5.org), read here and not by Foundation.
//
// Foundation's decoder on Linux (6.3.1) says "The given data was not valid JSON" and no more, takes
// one of two equal keys without a word, needs minutes for a deeply nested megabyte, and traps on
// `0x0x8`. A file that people write by hand needs line and column, and a key written twice is a
// mistake.

import Domain

/// Reads one JSON5 value and remembers the line of each key.
struct ScenarioFileParser {
  private var scanner: ScenarioFileScanner

  /// Where keys stand: `initialState.numbers` for one within another.
  private var lines: [String: Int] = [:]

  /// Far more than a scenario has; it keeps a hostile file from using up the stack.
  private static let deepestNesting = 32

  /// A parser of `bytes`; messages say `path`.
  ///
  /// - Throws: if `bytes` are not UTF-8.
  init(_ bytes: [UInt8], path: String) throws(ScenarioError) {
    scanner = try ScenarioFileScanner(bytes, path: path)
  }

  /// The value that is the whole file.
  mutating func parse() throws(ScenarioError) -> ScenarioValue {
    let value = try value(path: "", depth: 0)
    try scanner.skipBlanks()
    guard scanner.current == nil else { throw scanner.failure(wanted: "the end of the file") }
    return value
  }

  /// The line of the first of `keys` that is in the file; nil if none is.
  func line(of keys: [String]) -> Int? {
    keys.lazy.compactMap { key in lines[String(key.prefix { $0 != "[" })] }.first
  }

  private mutating func value(path: String?, depth: Int) throws(ScenarioError) -> ScenarioValue {
    try scanner.skipBlanks()
    guard depth <= Self.deepestNesting else {
      throw scanner.failure(wanted: "a value nested at most \(Self.deepestNesting) deep")
    }
    switch scanner.current {
    case "{": return .object(try object(path: path, depth: depth))
    case "[": return .list(try list(depth: depth))
    case "\"", "'": return .text(try scanner.text())
    default: return scanner.startsNumber ? try scanner.number() : try scanner.word()
    }
  }

  /// `path` is where the object's keys are remembered; nil inside lists, where they aren't.
  private mutating func object(
    path: String?, depth: Int
  ) throws(ScenarioError) -> [String: ScenarioValue] {
    var values: [String: ScenarioValue] = [:]
    var firstLines: [String: Int] = [:]
    scanner.advance()
    while true {
      try scanner.skipBlanks()
      if scanner.take("}") { return values }
      let line = scanner.line
      let key = try scanner.key()
      let keyPath = path.map { $0.isEmpty ? key : "\($0).\(key)" }
      if let firstLine = firstLines.updateValue(line, forKey: key) {
        let error = ScenarioError.duplicateKey(keyPath ?? key, firstLine: firstLine)
        throw .inFile(path: scanner.path, line: line, error)
      }
      if let keyPath { lines[keyPath] = line }
      try scanner.skipBlanks()
      guard scanner.take(":") else { throw scanner.failure(wanted: "a colon after the key") }
      values[key] = try value(path: keyPath, depth: depth + 1)
      try scanner.skipBlanks()
      guard scanner.take(",") || scanner.current == "}" else {
        throw scanner.failure(wanted: "a comma or }")
      }
    }
  }

  private mutating func list(depth: Int) throws(ScenarioError) -> [ScenarioValue] {
    var values: [ScenarioValue] = []
    scanner.advance()
    while true {
      try scanner.skipBlanks()
      if scanner.take("]") { return values }
      values.append(try value(path: nil, depth: depth + 1))
      try scanner.skipBlanks()
      guard scanner.take(",") || scanner.current == "]" else {
        throw scanner.failure(wanted: "a comma or ]")
      }
    }
  }
}
