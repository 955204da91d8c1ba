// Moving through the characters of a scenario file: position, blanks and comments.

import Domain

/// A place in a scenario file. What reads tokens stands in `ScenarioFileTokens.swift`.
struct ScenarioFileScanner {
  /// What messages call the file.
  let path: String
  private let scalars: [Unicode.Scalar]
  private var index = 0
  /// Counted from 1, as editors do.
  private(set) var line = 1
  private var column = 1

  /// A scanner at the start of `bytes`.
  ///
  /// - Throws: if `bytes` are not UTF-8.
  init(_ bytes: [UInt8], path: String) throws(ScenarioError) {
    self.path = path
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var decoder = UTF8.ForwardParser()
    var input = bytes.makeIterator()
    var offset = 0
    decoding: while true {
      switch decoder.parseScalar(from: &input) {
      case .valid(let encoded):
        scalars.append(UTF8.decode(encoded))
        offset += encoded.count
      case .emptyInput:
        break decoding
      case .error:
        throw .inFile(path: path, line: nil, .notUTF8(offset: offset))
      }
    }
    self.scalars = scalars
  }

  /// The character here; nil at the end of the file.
  var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  /// The character after this one.
  var next: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

  /// Goes on by one character.
  mutating func advance() {
    // CR LF is one line break: it counts at its LF.
    let endsLine = current == "\n" || (current == "\r" && next != "\n")
    line += endsLine ? 1 : 0
    column = endsLine ? 1 : column + 1
    index += 1
  }

  /// Goes on if `scalar` is here; says whether it was.
  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard current == scalar else { return false }
    advance()
    return true
  }

  /// Goes on to the next token.
  mutating func skipBlanks() throws(ScenarioError) {
    while let scalar = current {
      if isBlank(scalar) {
        advance()
      } else if scalar == "/" && next == "/" {
        while let scalar = current, !isLineBreak(scalar) { advance() }
      } else if scalar == "/" && next == "*" {
        try skipBlockComment()
      } else {
        return
      }
    }
  }

  /// What to throw where something else is `wanted`.
  func failure(wanted: String) -> ScenarioError {
    let error = ScenarioError.notJSON5(column: column, wanted: wanted, found: current)
    return .inFile(path: path, line: line, error)
  }

  /// JSON5's line terminators.
  func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  private mutating func skipBlockComment() throws(ScenarioError) {
    // Past "/*" first, so that "/*/" does not end what it begins.
    advance()
    advance()
    while !(current == "*" && next == "/") {
      guard current != nil else { throw failure(wanted: "*/ at the end of the comment") }
      advance()
    }
    advance()
    advance()
  }

  private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", "\t", "\u{B}", "\u{C}", "\u{FEFF}": true
    default: isLineBreak(scalar) || scalar.properties.generalCategory == .spaceSeparator
    }
  }
}
