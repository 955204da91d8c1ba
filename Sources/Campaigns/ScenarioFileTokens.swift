// The tokens of a scenario file: keys, words, numbers and texts, as JSON5 writes them.

import Domain

extension ScenarioFileScanner {
  /// A key, in quotes or as an identifier.
  mutating func key() throws(ScenarioError) -> String {
    if current == "\"" || current == "'" { return try text() }
    guard let first = current, isIdentifierStart(first) else { throw failure(wanted: "a key or }") }
    return try identifier()
  }

  /// `true`, `false`, `null`, `Infinity` or `NaN`.
  mutating func word() throws(ScenarioError) -> ScenarioValue {
    // Judged before it is read, so that a failure points at its start.
    let start = self
    switch try identifier() {
    case "true": return .flag(true)
    case "false": return .flag(false)
    case "null": return .null
    case "Infinity": return .real(.infinity)
    case "NaN": return .real(.nan)
    default: throw start.failure(wanted: "a value (text stands in quotes)")
    }
  }

  /// Whether a number starts here.
  var startsNumber: Bool {
    guard let scalar = current else { return false }
    return isDigit(scalar) || scalar == "+" || scalar == "-" || scalar == "."
  }

  /// A number, with or without a sign. One without a fraction is whole however it is written, so
  /// `1e6` may stand for a million.
  mutating func number() throws(ScenarioError) -> ScenarioValue {
    let sign = take("-") ? "-" : ""
    if sign.isEmpty { _ = take("+") }
    if current == "I" || current == "N" {
      guard case .real(let real) = try word() else { return .null }
      return .real(sign.isEmpty ? real : -real)
    }
    if current == "0" && (next == "x" || next == "X") {
      advance()
      advance()
      let digits = take(while: { $0.properties.isASCIIHexDigit })
      guard !digits.isEmpty else { throw failure(wanted: "a hexadecimal digit") }
      return whole(sign + digits, radix: 16) ?? real(sign + "0x" + digits)
    }
    return try decimal(sign)
  }

  /// A text in quotes of either kind.
  mutating func text() throws(ScenarioError) -> String {
    var text = String.UnicodeScalarView()
    let quote = current
    advance()
    while let scalar = current, scalar != quote {
      if scalar == "\n" || scalar == "\r" { throw failure(wanted: "the closing quote") }
      if scalar == "\\" {
        if let escaped = try escape() { text.append(escaped) }
      } else {
        text.append(scalar)
        advance()
      }
    }
    guard current != nil else { throw failure(wanted: "the closing quote") }
    advance()
    return String(text)
  }

  private mutating func decimal(_ sign: String) throws(ScenarioError) -> ScenarioValue {
    let leadsWithZero = current == "0"
    let integer = take(while: isDigit)
    if leadsWithZero && integer.count > 1 {
      throw failure(wanted: "a number without leading zeros")
    }
    let hasPoint = take(".")
    let fraction = hasPoint ? take(while: isDigit) : ""
    guard !integer.isEmpty || !fraction.isEmpty else { throw failure(wanted: "a digit") }
    var exponent = ""
    if current == "e" || current == "E" {
      advance()
      let exponentSign = take("-") ? "-" : ""
      if exponentSign.isEmpty { _ = take("+") }
      let digits = take(while: isDigit)
      guard !digits.isEmpty else { throw failure(wanted: "a digit of the exponent") }
      exponent = "e" + exponentSign + digits
    }
    if !hasPoint && exponent.isEmpty, let whole = whole(sign + integer, radix: 10) { return whole }
    return real("\(sign)0\(integer).\(fraction)0\(exponent)")
  }

  private func whole(_ digits: String, radix: Int) -> ScenarioValue? {
    Int(digits, radix: radix).map(ScenarioValue.integer)
  }

  private func real(_ text: String) -> ScenarioValue {
    let real = Double(text) ?? .nan
    // Beyond 2^53 a Double no longer tells neighbours apart: not the number that was written.
    if real.magnitude <= 0x1p53, let integer = Int(exactly: real) { return .integer(integer) }
    return .real(real)
  }

  /// The character that a backslash and what follows stand for; nil for a line break, which stands
  /// for nothing.
  private mutating func escape() throws(ScenarioError) -> Unicode.Scalar? {
    advance()
    guard let scalar = current else { throw failure(wanted: "a character after the backslash") }
    switch scalar {
    case "u":
      advance()
      return try unicodeEscape()
    case "x":
      advance()
      return Unicode.Scalar(try hexadecimal(digits: 2))
    case "0" where !(next.map(isDigit) ?? false):
      advance()
      return "\0"
    case "0"..."9":
      throw failure(wanted: "an escape that JSON5 knows")
    default:
      advance()
      // CR LF counts as one line break here too.
      if scalar == "\r" { _ = take("\n") }
      return isLineBreak(scalar) ? nil : Self.controls[scalar] ?? scalar
    }
  }

  private static let controls: [Unicode.Scalar: Unicode.Scalar] = [
    "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}",
  ]

  /// What follows `\u`: four digits, or four of a high surrogate and the escape of its partner.
  private mutating func unicodeEscape() throws(ScenarioError) -> Unicode.Scalar {
    let start = self
    let first = UInt16(truncatingIfNeeded: try hexadecimal(digits: 4))
    guard UTF16.isLeadSurrogate(first) else {
      guard let scalar = Unicode.Scalar(first) else {
        throw start.failure(wanted: "a character, or both halves of one")
      }
      return scalar
    }
    guard take("\\"), take("u") else { throw failure(wanted: "the other half of the character") }
    let second = UInt16(truncatingIfNeeded: try hexadecimal(digits: 4))
    guard UTF16.isTrailSurrogate(second) else {
      throw start.failure(wanted: "a character, or both halves of one")
    }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private mutating func hexadecimal(digits: Int) throws(ScenarioError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = current.flatMap({ Character($0).hexDigitValue }) else {
        throw failure(wanted: "a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      advance()
    }
    return value
  }

  private mutating func identifier() throws(ScenarioError) -> String {
    var name = String.UnicodeScalarView()
    while let scalar = current {
      if scalar == "\\" && next == "u" {
        advance()
        advance()
        name.append(try unicodeEscape())
      } else if isIdentifierPart(scalar) {
        name.append(scalar)
        advance()
      } else {
        break
      }
    }
    return String(name)
  }

  private mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
    var taken = String.UnicodeScalarView()
    while let scalar = current, isWanted(scalar) {
      taken.append(scalar)
      advance()
    }
    return String(taken)
  }

  private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private func isIdentifierStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "$" || scalar == "_" || scalar == "\\" || scalar.properties.isIDStart
  }

  private func isIdentifierPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "$" || scalar == "_" || scalar == "\u{200C}" || scalar == "\u{200D}"
      || scalar.properties.isIDContinue
  }
}
