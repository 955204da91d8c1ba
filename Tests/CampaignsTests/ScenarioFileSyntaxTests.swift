// The JSON5 of scenario files: Foundation's reader is the judge of what is right, and the exact
// texts are ours.

import Campaigns
import Domain
import Foundation
import Testing

@Suite("JSON5 of scenario files") struct ScenarioFileSyntaxTests {
  /// What the reader makes of `text`, seen through the message about a value that fits nowhere.
  private func read(_ text: String) -> Result<ScenarioValue, ScenarioError> {
    let file = Array("{summary:[\(text)]}".utf8)
    do {
      _ = try ScenarioFile.parse(file, name: "a", path: "a")
      return .success(.null)
    } catch .inFile(_, _, .wrongType(_, _, let given)) {
      return .success(given)
    } catch { return .failure(error) }
  }

  private func readByFoundation(_ text: String) -> ScenarioValue? {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    return try? decoder.decode(ScenarioValue.self, from: Data("[\(text)]".utf8))
  }

  static let good = [
    "", "1", "1,", "-1", "+1", "0", "-0", "0x1F", "0Xff", "-0x1F", "1.5", ".5", "5.", "1e3", "1E+3",
    "1e-3", "25e-1", "8.0", "1e30", "99999999999999999999", "9223372036854775807",
    "-9223372036854775808", "9007199254740993", "Infinity", "-Infinity", "+Infinity",
    "true", "false", "null", "\"\"", "''", "'a'", "\"it's\"", "'say \"hi\"'", "'\\n\\t\\\\\\''",
    "'\\x41'", "'\\u00e9'", "'\\uD83D\\uDE00'", "'\u{E9}\u{1F600}'",
    "{}", "{a:1}", "{'a b':1,}", "{$a_1:{b:[]}}", "{\"\\u0061\":1}", "{\u{E9}:1}",
    "[[],[1,[2]]]", "/* c */ 1 // d\n", "/**/", "/***/1", "/* / */1", "\t\r\n 1 \n",
  ]

  @Test(arguments: good)
  func `what Foundation reads is read the same`(_ text: String) throws {
    let value = try read(text).get()
    #expect(value == readByFoundation(text))
  }

  @Test func `not a number is read`() throws {
    for text in ["NaN", "-NaN", "+NaN"] {
      #expect(try read(text).get().description == "[NaN]")
    }
  }

  /// JSON5 that Foundation does not read, or reads as something else.
  @Test(
    arguments: [
      ("\u{A0}1\u{2028}", "[1]"), ("{\\u0061: 1}", "[{...}]"), ("\u{FEFF}1", "[1]"),
      ("0xFFFFFFFFFFFFFFFFFF", "[4.722366482869645e+21]"), ("1e999", "[Infinity]"),
      ("'\\0'", "[\"\\0\"]"), ("'\\q'", "[\"q\"]"), ("'a\\\nb'", "[\"ab\"]"),
      ("'a\\\r\nb'", "[\"ab\"]"), ("'a\\\u{2028}b'", "[\"ab\"]"),
    ])
  func `all of JSON5 is read`(_ text: String, _ shown: String) throws {
    #expect(try read(text).get().description == shown)
  }

  static let bad = [
    ",", "1 2", "1,,2", "{", "{a}", "{a:}", "{a:1 b:2}", "{,}", "{a:1;}", "{1:2}", "{a-b:1}", "nul",
    "True", "undefined", "abc", "truefalse", "01", "-01", "0x", "0xG", "1e", ".", "+", "-",
    "- 1", "--1", "+-1", "1_000", "0b1", "0x1.5", "1.2.3", "5.5.", "Inf", "-Inf", "infinity",
    "'a", "\"a", "'a\nb'", "'\\x4'", "'\\u12'", "'\\uD800'", "'\\uDC00'", "'\\uD800\\u0041'",
    "'\\1'", "'\\01'", "'\\", "/* c", "/*/", "/", "/ 1", "]", "}", "(1)", "'a''b'", "[1}", "{a:1]",
    "\u{0}", "#1", "`a`",
  ]

  @Test(arguments: bad)
  func `what Foundation refuses is refused`(_ text: String) {
    #expect(throws: ScenarioError.self) { try read(text).get() }
    #expect(readByFoundation(text) == nil)
  }

  /// Foundation takes the first two, and traps on the third.
  @Test(arguments: ["1e+", "0x8.", "0x0x8"])
  func `what Foundation gets wrong is refused too`(_ text: String) {
    #expect(throws: ScenarioError.self) { try read(text).get() }
  }

  /// Texts and where the reader stumbles. `see json5.org` and the path are left out.
  @Test(
    arguments: [
      ("{", "1: column 2: a key or } is wanted, but the end of the file was found"),
      ("{a 1}", "1: column 4: a colon after the key is wanted, but \"1\" was found"),
      ("{a: 1\n  b: 2}", "2: column 3: a comma or } is wanted, but \"b\" was found"),
      ("{a: [1 2]}", "1: column 8: a comma or ] is wanted, but \"2\" was found"),
      (
        "{a: eight}",
        "1: column 5: a value (text stands in quotes) is wanted, but \"e\" was found"
      ),
      ("{a: 08}", "1: column 7: a number without leading zeros is wanted, but \"}\" was found"),
      ("{a: 0xZ}", "1: column 7: a hexadecimal digit is wanted, but \"Z\" was found"),
      ("{a: -}", "1: column 6: a digit is wanted, but \"}\" was found"),
      ("{a: 1e}", "1: column 7: a digit of the exponent is wanted, but \"}\" was found"),
      ("{a: 'b\n'}", "1: column 7: the closing quote is wanted, but \"\\n\" was found"),
      ("{a: 'b", "1: column 7: the closing quote is wanted, but the end of the file was found"),
      ("{a: '\\9'}", "1: column 7: an escape that JSON5 knows is wanted, but \"9\" was found"),
      (
        "{a: '\\",
        "1: column 7: a character after the backslash is wanted, but the end of the file was found"
      ),
      (
        "{a: '\\uDC00'}",
        "1: column 8: a character, or both halves of one is wanted, but \"D\" was found"
      ),
      (
        "{a: '\\uD800'}",
        "1: column 12: the other half of the character is wanted, but \"'\" was found"
      ),
      (
        "{\r\n/* a\r\n",
        "3: column 1: */ at the end of the comment is wanted, but the end of the file was found"
      ),
      ("{}\n{}", "2: column 1: the end of the file is wanted, but \"{\" was found"),
      ("{} x", "1: column 4: the end of the file is wanted, but \"x\" was found"),
    ])
  func `a mistake is shown with line and column`(_ text: String, _ wanted: String) {
    let found = complaint { () throws(ScenarioError) in
      try ScenarioFile.parse(Array(text.utf8), name: "a", path: "a")
    }
    #expect(found == "a:\(wanted); see json5.org")
  }

  @Test(arguments: ["[", "{a:"])
  func `deep nesting is refused and not followed`(_ opening: String) {
    let text = String(repeating: opening, count: 300_000)
    let found = complaint { () throws(ScenarioError) in
      try ScenarioFile.parse(Array(text.utf8), name: "a", path: "a")
    }
    let column = 33 * opening.count + 1
    let wanted = "a value nested at most 32 deep is wanted, but \"\(opening.prefix(1))\" was found"
    #expect(found == "a:1: column \(column): \(wanted); see json5.org")
  }

  @Test func `a key is not written twice, however it is written`() {
    let text = #"{summary: "s", pcpus: 2, "pcp\u0075s": 3}"#
    let found = complaint { () throws(ScenarioError) in
      try ScenarioFile.parse(Array(text.utf8), name: "a", path: "a")
    }
    #expect(found == "a:1: pcpus stands in line 1 already; delete one of the two")
  }
}
