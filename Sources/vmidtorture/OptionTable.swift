// Options as a table: parsing, errors and help all read the same rows.

import Domain

/// One option of a command.
struct Option {
  /// `--seed`.
  let name: String
  /// What its value is called in the help; nil for a flag.
  let value: String?
  /// One line of help.
  let help: String

  init(_ name: String, _ value: String? = nil, _ help: String) {
    self.name = name
    self.value = value
    self.help = help
  }
}

/// What a command line said.
struct ParsedArguments {
  /// Values by option name; a flag's is empty.
  private(set) var values: [String: String] = [:]
  /// The words that are no options.
  private(set) var words: [String] = []

  /// Reads the arguments of `command`.
  ///
  /// - Throws: `UsageError` at the first word that fits nothing.
  init(_ arguments: [String], of command: String, options: [Option]) throws(UsageError) {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("--"), word != "--" else {
        // A negative number is a word: whoever takes it says what is wrong with it.
        if word.hasPrefix("-"), word.count > 1, word != "--", Int(word) == nil {
          throw .unknownOption(word, command: command, names: options.map(\.name))
        }
        if word != "--" { words.append(word) }
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard let option = options.first(where: { $0.name == name }) else {
        throw .unknownOption(name, command: command, names: options.map(\.name))
      }
      guard let placeholder = option.value else {
        if parts.count > 1 { throw .unexpectedValue(name, String(parts[1])) }
        values[name] = ""
        continue
      }
      if parts.count > 1 {
        values[name] = String(parts[1])
      } else if let value = rest.popFirst() {
        values[name] = value
      } else {
        throw .missingValue(name, placeholder)
      }
    }
  }

  /// Whether a flag was given.
  func has(_ flag: String) -> Bool { values[flag] != nil }

  /// The value of an option; nil if it was not given.
  subscript(option: String) -> String? { values[option] }

  /// The one word that a command takes.
  func onlyWord(_ placeholder: String, of command: String) throws(UsageError) -> String {
    if words.count > 1 { throw .unexpectedWord(words[1], command: command) }
    guard let word = words.first else { throw .missingWord(placeholder, command: command) }
    return word
  }

  /// A whole number.
  func number(_ option: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = values[option] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw .badValue(
        option, text, wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The seed; a fresh one if none was given.
  func seed() throws(UsageError) -> Seed {
    guard let text = values["--seed"] else { return .random() }
    guard let seed = Seed(parsing: text) else {
      throw .badValue("--seed", text, wanted: "a number, decimal or hexadecimal with 0x")
    }
    return seed
  }
}

/// What is wrong with a command line.
enum UsageError: Error {
  case unknownCommand(String, names: [String])
  case unknownOption(String, command: String, names: [String])
  case missingValue(String, String)
  case unexpectedValue(String, String)
  case unexpectedWord(String, command: String)
  case missingWord(String, command: String)
  /// One of several words; `all` is what to give.
  case missingWords(String, all: String, command: String)
  case contradiction(String, String)
  case goesWith(String, String)
  case badValue(String, String, wanted: String)
  case unknownName(kind: String, String, names: [String])
}

extension UsageError: CustomStringConvertible {
  var description: String {
    switch self {
    case .unknownCommand(let name, let names):
      "there is no command '\(name)'; \(advice(name, names))"
    case .unknownOption(let name, let command, let names):
      "'\(command)' has no option '\(name)'; "
        + (nearestName(to: name, among: names).map { "did you mean \($0)? " } ?? "")
        + "see vmidtorture \(command) --help"
    case .missingValue(let name, let placeholder):
      "\(name) needs a value: give \(name) \(placeholder)"
    case .unexpectedValue(let name, let value):
      "\(name) takes no value, but '\(value)' was given; leave it out"
    case .unexpectedWord(let word, let command):
      "'\(word)' is one word too many; see vmidtorture \(command) --help"
    case .missingWord(let placeholder, let command):
      "\(command) needs a \(placeholder): give vmidtorture \(command) \(placeholder)"
    case .missingWords(let placeholder, let all, let command):
      "\(command) needs a \(placeholder): give vmidtorture \(command) \(all)"
    case .contradiction(let one, let other):
      "\(one) and \(other) contradict each other; leave one out"
    case .goesWith(let one, let other):
      "\(one) says something about \(other) only; give that, too, or leave \(one) out"
    case .badValue(let name, let value, let wanted):
      "\(name) is '\(value)', but \(wanted) is wanted"
    case .unknownName(let kind, let name, let names):
      "there is no \(kind) '\(name)'; \(advice(name, names))"
    }
  }

  private func advice(_ name: String, _ names: [String]) -> String {
    (nearestName(to: name, among: names).map { "did you mean \($0)? " } ?? "")
      + "there are \(allOrFirstNames(names))"
  }
}
