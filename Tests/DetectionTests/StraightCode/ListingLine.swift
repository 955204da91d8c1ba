// One line of objdump's listing.

import Foundation

/// `   5e6a7:  jne  5e6c9 <f+0x899>`, taken apart.
struct ListingLine {
  let address: UInt64
  private(set) var prefixes: [String] = []
  /// Empty if the line holds prefixes only.
  private(set) var mnemonic = ""
  private(set) var operands: [String] = []
  private(set) var target: CodePlace?

  private static let knownPrefixes: Set<String> = [
    "lock", "rep", "repe", "repz", "repne", "repnz", "data16", "addr32", "bnd", "notrack",
    "cs", "ds", "es", "fs", "gs", "ss", "rex.W",
  ]

  /// nil if `text` is no instruction.
  init?(_ text: Substring) {
    guard let colon = text.firstIndex(of: ":"),
      let address = UInt64(text[..<colon].trimmingCharacters(in: .whitespaces), radix: 16)
    else { return nil }
    self.address = address
    let code = text[text.index(after: colon)...].split(separator: "#", maxSplits: 1).first ?? ""
    var words = code.split(whereSeparator: \.isWhitespace)[...]
    while let word = words.first, ListingLine.knownPrefixes.contains(String(word)) {
      prefixes.append(String(word))
      words.removeFirst()
    }
    guard let word = words.popFirst() else {
      if prefixes.isEmpty { return nil }
      return
    }
    mnemonic = String(word)
    if word.hasPrefix("j") || word.hasPrefix("call") { target = ListingLine.place(words) }
    if target == nil { operands = ListingLine.split(words.joined()) }
  }

  /// The name in `0000000000016c88 <_init>:`.
  static func symbol(_ header: Substring) -> String? {
    guard let start = header.firstIndex(of: "<"), header.hasSuffix(">:") else { return nil }
    return String(header[header.index(after: start)...].dropLast(2))
  }

  /// `5e6c9 <f+0x899>` or `0x5e6c9 <f+0x899>`; nil for `*%rax` and `*0x8(%rax)`.
  private static func place(_ words: ArraySlice<Substring>) -> CodePlace? {
    guard let first = words.first else { return nil }
    let digits = first.hasPrefix("0x") ? first.dropFirst(2) : first
    guard let address = UInt64(digits, radix: 16) else { return nil }
    let label = words.dropFirst().first.map { String($0.dropFirst().dropLast()) }
    return CodePlace(address: address, label: label ?? "")
  }

  /// At the commas that are not inside an address.
  private static func split(_ text: String) -> [String] {
    var operands = [""]
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        operands.append("")
      } else {
        operands[operands.count - 1].append(character)
      }
    }
    return operands == [""] ? [] : operands
  }
}
